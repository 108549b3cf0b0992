import { fileURLToPath } from "node:url";
import { type RequestHandler, Router } from "express";
import type { NovuState } from "../state.ts";
import { APPLICATION_IDENTIFIER, hashOf } from "./api.ts";
import { notesOf } from "./notes.ts";

/** The component makes its own style sheets, and shows avatars. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src https: data:",
  "connect-src 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join("; ");
/** The tags that every workflow of a category has. */
const COMMON_TAGS = new Set(["lifecycle", "marketing", "transactional"]);

const SCRIPT = `
import { NovuUI } from "@novu/js/ui";

const root = document.getElementById("inbox");
const { notes, tabs, ...options } = JSON.parse(root.dataset.options);
const ui = new NovuUI({
  // The local Novu has no websocket.
  options: { ...options, apiUrl: location.origin, socketUrl: location.origin, socketOptions: { autoConnect: false } },
  tabs,
});
ui.mountComponent({ name: "InboxContent", element: root });

setInterval(async () => {
  const answer = await fetch(location.pathname + "/notes").catch(() => null);
  if (answer?.ok && (await answer.json()) !== notes) location.reload();
}, 2000);
`;

const NOT_INSTALLED = `
document.getElementById("inbox").textContent = "@novu/js is not installed: stop the sandbox, run npm install, and start it again.";
`;

const STYLE = `
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; background: #f4f4f5; color: #18181b; }
main { max-width: 28rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.1rem; }
#inbox { height: 36rem; background: #fff; border: 1px solid #d4d4d8; border-radius: 0.5rem; overflow: hidden; }
`;

/** A page for each subscriber with Novu's own Inbox component. It reloads when a note comes or is archived. */
export function inboxPage(state: NovuState, { secretKey }: { secretKey: string }): Router {
  let bundle: Promise<string> | undefined;
  return Router()
    .get("/style.css", (_request, response) => void response.type("css").send(STYLE))
    .get("/script.js", async (_request, response) => {
      bundle ??= bundled().catch(() => NOT_INSTALLED);
      response.type("js").send(await bundle);
    })
    .get("/of/:subscriber/notes", (request, response) => {
      response.json(versionOf(state, request.params.subscriber));
    })
    .get("/of/:subscriber", (request, response) => {
      const { subscriber } = request.params;
      const options = {
        applicationIdentifier: APPLICATION_IDENTIFIER,
        subscriber,
        subscriberHash: hashOf(subscriber, secretKey),
        notes: versionOf(state, subscriber),
        tabs: tabsOf(state),
      };
      response
        .set({ "content-security-policy": POLICY, "x-content-type-options": "nosniff" })
        .type("html")
        .send(
          `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Inbox of ${escaped(subscriber)}</title>
<link rel="stylesheet" href="/inbox/style.css"></head><body><main><h1>Inbox of ${escaped(subscriber)}</h1>
<div id="inbox" data-options="${escaped(JSON.stringify(options))}"></div></main>
<script type="module" src="/inbox/script.js"></script></body></html>`,
        );
    });
}

/** A text that changes when a note comes or is archived. */
function versionOf(state: NovuState, subscriberId: string): string {
  const [inbox, archive] = [false, true].map(
    (archived) => notesOf(state, { subscriberId, context: "" }, { archived }).length,
  );
  return `${inbox} ${archive}`;
}

/** "All", and a tab for each topic and each tag of a workflow's own. */
function tabsOf({ workflows }: NovuState) {
  const withNotes = workflows.filter(({ steps }) => steps.some(({ type }) => type === "in_app"));
  const tags = new Set(withNotes.flatMap((workflow) => workflow.tags ?? []).filter((tag) => !COMMON_TAGS.has(tag)));
  return [
    { label: "All", filter: {} },
    ...[...tags].map((tag) => ({ label: tag.replaceAll("_", " "), filter: { tags: [tag] } })),
  ];
}

/** The script with the component. Throws where the development tools are not installed. */
async function bundled(): Promise<string> {
  const { build } = await import("esbuild");
  const { outputFiles } = await build({
    stdin: { contents: SCRIPT, resolveDir: fileURLToPath(new URL(".", import.meta.url)) },
    bundle: true,
    format: "esm",
    platform: "browser",
    write: false,
    logLevel: "silent",
  });
  return outputFiles[0]?.text ?? "";
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

const LOCAL_NAMES = new Set(["localhost", "127.0.0.1", "[::1]"]);

/**
 * Accepts only requests to a local host name, because another site can point its own host name at this machine. Pages
 * of this machine, such as an app in development, may use the API.
 */
export const localOnly: RequestHandler = (request, response, next) => {
  const origin = request.get("origin");
  if (!isLocal(`http://${request.get("host")}`) || (origin !== undefined && !isLocal(origin)))
    return void response.status(403).json({ message: "open to this machine only" });
  if (origin !== undefined)
    response.set({
      "access-control-allow-origin": origin,
      "access-control-allow-headers": request.get("access-control-request-headers") ?? "",
      "access-control-allow-methods": "GET, POST, PATCH, DELETE",
      vary: "origin",
    });
  if (request.method === "OPTIONS") response.status(204).end();
  else next();
};

function isLocal(url: string): boolean {
  return URL.canParse(url) && LOCAL_NAMES.has(new URL(url).hostname);
}
