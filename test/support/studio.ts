import { type App, openApp } from "../../src/app.ts";
import { createLog } from "../../src/lib/log.ts";
import type { Sandbox } from "../../src/sandbox/sandbox.ts";
import { testFolder } from "./folder.ts";
import { testProduct } from "./product/product.ts";
import { testSandbox } from "./sandbox.ts";

export const STUDIO_SECRET = "open sesame, please";

export interface TestStudio extends AsyncDisposable {
  app: App;
  sandbox: Sandbox;
  /** Such as http://127.0.0.1:4000/studio */
  url: string;
  /** The log of the app so far. */
  logged(): Array<Record<string, unknown>>;
  /** Restarts the app on the same data. */
  restart(): Promise<Pick<TestStudio, "app" | "restart">>;
}

/** The app without sandbox controls, on the services and the clock of a sandbox. */
export async function productionStudio({
  studioSecret = STUDIO_SECRET,
  publicUrl,
}: {
  studioSecret?: string | undefined;
  publicUrl?: string;
} = {}): Promise<TestStudio> {
  const sandbox = await testSandbox();
  const folder = testFolder();
  const lines: string[] = [];
  const log = createLog({ level: "info", destination: { write: (line) => void lines.push(line) } });
  const config = { ...sandbox.config, port: 0, dataDir: folder.path, studioSecret, publicUrl };
  const open = () => openApp(config, { product: testProduct, clock: sandbox.clock, log });
  let app = await open();
  const restart = async () => {
    await app.stop({ drainMs: 0 });
    app = await open();
    return { app, restart };
  };
  return {
    app,
    restart,
    sandbox,
    url: `${app.url}/studio`,
    logged: () => lines.map((line) => JSON.parse(line)),
    async [Symbol.asyncDispose]() {
      await app.stop({ drainMs: 0 });
      await sandbox[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}

/** Points the local services at an app that runs outside the sandbox. */
export async function connectServices({ sandbox: { posthog, novu, config }, app }: TestStudio): Promise<void> {
  const [signingSecret = ""] = config.posthog.webhookSecrets;
  posthog.connect({ url: `${app.url}/webhooks/posthog`, signingSecret, events: app.events });
  const response = await fetch(`${novu.url}/v1/bridge/sync`, {
    method: "POST",
    headers: { authorization: `ApiKey ${config.novu.secretKey}`, "content-type": "application/json" },
    body: JSON.stringify({ bridgeUrl: `${app.url}/api/novu` }),
  });
  if (!response.ok) throw new Error(`Novu answered ${response.status}`);
}

export interface Visitor {
  get(path: string): Promise<Response>;
  text(path: string): Promise<string>;
  /** Submits a form, with the page's token by default. */
  post(path: string, form?: Record<string, string>, headers?: Record<string, string>): Promise<Response>;
}

/** A visitor with a login, or in a sandbox one at this machine. */
export function visitor(url: string, cookie = ""): Visitor {
  const get = (path: string) => fetch(`${url}${path}`, { headers: { cookie }, redirect: "manual" });
  const text = async (path: string) => (await get(path)).text();
  const token = async () => /name="token" value="([^"]+)"/.exec(await text("/queue"))?.[1] ?? "";
  return {
    get,
    text,
    post: async (path, form = {}, headers = {}) =>
      fetch(`${url}${path}`, {
        method: "POST",
        headers: { cookie, "content-type": "application/x-www-form-urlencoded", ...headers },
        body: new URLSearchParams({ token: form.token ?? (await token()), ...form }),
        redirect: "manual",
      }),
  };
}

export function logIn(url: string, secret = STUDIO_SECRET, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${url}/login`, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
    body: new URLSearchParams({ secret }),
    redirect: "manual",
  });
}

/** The cookie of a response, as a browser sends it. */
export function cookieOf(response: Response): string {
  return response.headers.get("set-cookie")?.split(";", 1)[0] ?? "";
}
