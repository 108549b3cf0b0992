import { Router } from "express";
import type { SandboxControls } from "../../contracts/sandbox.ts";
import { describeError } from "../../lib/errors.ts";
import type { Log } from "../../lib/log.ts";
import { sendMessage } from "../answer.tsx";
import { SANDBOX_ACTIONS } from "./pages.ts";
import { backTo } from "./sandbox-page.ts";

/** The routes for the sandbox's forms, for messages in frames, and for the sandbox's time, which commands read. */
export function sandboxRoutes({
  sandbox,
  changed,
  log,
}: {
  sandbox: SandboxControls;
  changed: () => void;
  log: Log;
}): Router {
  const router = Router()
    .get("/messages/:id/body", (request, response, next) => {
      const { body } = sandbox.messages().find(({ id }) => id === request.params.id)?.content ?? {};
      if (typeof body !== "string") return next();
      sendMessage(response, shown(body, schemeOf(request.query.scheme)));
    })
    .get("/workflows/:workflow/steps/:step/body", async (request, response, next) => {
      const { workflow, step } = request.params;
      const { person: distinctId = "", locale, run } = textsOf(request.query);
      const { content } = await sandbox.preview({ workflow, step, distinctId, locale, run });
      if (typeof content?.body !== "string") return next();
      sendMessage(response, shown(content.body, schemeOf(request.query.scheme)));
    })
    .get("/people/:person/inbox", (request, response) => {
      response.redirect(sandbox.inboxUrl(request.params.person));
    })
    .get("/api/time", async (_request, response) => {
      response.json({ now: sandbox.clock.now(), nextStepAt: await sandbox.nextStepAt() });
    });
  for (const { path, run } of SANDBOX_ACTIONS)
    router.post(path, async (request, response) => {
      const form = textsOf(request.body);
      try {
        const to = await run(form, sandbox);
        log.info({ component: "studio", outcome: "done", action: path });
        response.redirect(303, to);
      } catch (error) {
        response.redirect(303, backTo(form.here, describeError(error)));
      }
      changed();
    });
  return router;
}

function schemeOf(value: unknown): Scheme {
  return value === "dark" ? "dark" : "light";
}

function textsOf(form: unknown): Record<string, string> {
  return Object.fromEntries(
    Object.entries(form ?? {}).filter((pair): pair is [string, string] => typeof pair[1] === "string"),
  );
}

export type Scheme = "light" | "dark";

const ALWAYS = "(min-width: 0)";
const NEVER = "(max-width: 0)";
const QUERY = /\(\s*prefers-color-scheme\s*:\s*(light|dark)\s*\)/gi;

/** An email in one colour scheme, independent of the browser's colour scheme. Links open in a new window. */
function shown(html: string, scheme: Scheme): string {
  const themed = html.replace(QUERY, (_query, asked: string) => (asked.toLowerCase() === scheme ? ALWAYS : NEVER));
  const head = `<base target="_blank"><style>:root { color-scheme: only ${scheme} !important; }</style>`;
  return /<\/head\s*>/i.test(themed) ? themed.replace(/<\/head\s*>/i, () => `${head}</head>`) : head + themed;
}
