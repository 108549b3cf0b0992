import { setTimeout as sleep } from "node:timers/promises";
import { type Response, Router, urlencoded } from "express";
import type { Log } from "../lib/log.ts";
import { type Access, isOurForm } from "./access.ts";
import { within } from "./addresses.ts";
import { sendPage } from "./answer.tsx";
import { PostForm, Submit } from "./ui/forms.tsx";
import { PlainPage } from "./ui/layout.tsx";
import { Notice } from "./ui/parts.tsx";

/** Small, because anyone can send the login form. The form has the secret and the page to open after the login. */
const LARGEST_FORM = "8kb";

/** Logging in and out. */
export function signInRoutes({ access, log }: { access: Access; log: Log }): Router {
  const trySecret = createTrySecret(access.isSecret);

  const form = urlencoded({ extended: false, inflate: false, limit: LARGEST_FORM });

  return Router()
    .get("/login", (request, response) => {
      const { to } = request.query;
      sendLogin(response, { to: within(to) });
    })
    .post("/login", form, async (request, response) => {
      // Before the login there is no token to check, so only the origin of the form is checked.
      if (!isOurForm(request, null))
        return sendLogin(response.status(403), { problem: "This form is from another site." });
      const { secret, to } = (request.body ?? {}) as Record<string, unknown>;
      const isIn = await trySecret(typeof secret === "string" ? secret : "");
      if (isIn !== true) {
        log.warn({ component: "studio", outcome: isIn === null ? "too many logins" : "login refused" });
        if (isIn === null) response.status(429).set("retry-after", "5");
        else response.status(401);
        const problem =
          isIn === null
            ? "The secret is wrong, and too many wrong secrets are arriving. Try again in 5 seconds."
            : "The secret is wrong.";
        return sendLogin(response, { to: within(to), problem });
      }
      access.begin(request, response);
      log.info({ component: "studio", outcome: "logged in" });
      response.redirect(303, within(to));
    })
    .post("/logout", form, async (request, response) => {
      const session = await access.sessionOf(request);
      if (session !== null) {
        if (!isOurForm(request, session))
          return sendLogin(response.status(403), { problem: "This form is from another site." });
        await access.end(session, request, response);
      }
      response.redirect(303, "/studio/login");
    });
}

function sendLogin(response: Response, { to = "/studio", problem }: { to?: string; problem?: string }): void {
  sendPage(
    response,
    <PlainPage title="Log in">
      {problem === undefined ? null : <Notice tone="bad">{problem}</Notice>}
      <PostForm action="/studio/login" fields={{ to }}>
        <label className="field">
          Studio secret
          <input type="password" name="secret" autoComplete="current-password" required={true} />
        </label>
        <Submit look="first">Log in</Submit>
      </PostForm>
      <p className="quiet">
        The secret is the app's setting <code>STUDIO_SECRET</code>. A login lasts 12 hours.
      </p>
    </PlainPage>,
  );
}

const WRONG_TAKES_MS = 500;
const MOST_WAITING = 100;

/**
 * Checks a secret. The right secret is accepted at once, so that guesses by others never lock its owner out, not even
 * behind the same proxy. The answer to a wrong secret waits, to limit the load. A secret has at least 16 characters,
 * which are too many to guess. Null: too many wrong secrets wait.
 */
function createTrySecret(isSecret: (offered: string) => boolean): (offered: string) => Promise<boolean | null> {
  let waiting = 0;

  return async (offered) => {
    if (isSecret(offered)) return true;
    if (waiting >= MOST_WAITING) return null;
    waiting += 1;
    await sleep(WRONG_TAKES_MS);
    waiting -= 1;
    return false;
  };
}
