import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { LOCAL_KEYS } from "../../src/sandbox/local-keys.ts";
import { built } from "./built.ts";
import { eventually } from "./sandbox.ts";

const PROJECT = fileURLToPath(new URL("../../", import.meta.url));
const TEST_MAIN = fileURLToPath(new URL("./product/main.ts", import.meta.url));
/** A busy machine needs this long to compile. */
const STARTED_WITHIN_MS = 30_000;

/** Node's arguments for the app, as its operator starts it. */
export const RUN_APP = [built("src/main.ts")];
/** The same with the tests' product. */
export const RUN_TEST_APP = [built(relative(PROJECT, TEST_MAIN))];

export interface AppProcess extends AsyncDisposable {
  url: string;
  process: ChildProcess;
  output(): string;
}

/** The environment of an app beside the sandbox's services. */
export function environment(
  sandbox: { novu: { url: string }; posthog: { url: string } },
  dataDir: string,
): Record<string, string> {
  return {
    PATH: process.env.PATH ?? "",
    ENV_FILE: "",
    PORT: "0",
    DATA_DIR: dataDir,
    NOVU_SECRET_KEY: LOCAL_KEYS.novu,
    NOVU_API_URL: sandbox.novu.url,
    POSTHOG_PROJECT_TOKEN: LOCAL_KEYS.projectToken,
    POSTHOG_HOST: sandbox.posthog.url,
    POSTHOG_API_HOST: sandbox.posthog.url,
    POSTHOG_PROJECT_ID: LOCAL_KEYS.projectId,
    POSTHOG_PERSONAL_API_KEY: LOCAL_KEYS.personalApiKey,
    POSTHOG_WEBHOOK_SECRETS: LOCAL_KEYS.signingSecret,
    PUBLIC_URL: "https://bridge.acme.example",
    LINK_SIGNING_KEYS: LOCAL_KEYS.linkSigning,
  };
}

/** Starts the app as a process, and waits until it listens. */
export async function startApp(env: Record<string, string>, args = RUN_APP): Promise<AppProcess> {
  const starting = spawnApp(env, args);
  const url = await starting.listening();
  if (url === null) throw new Error(`the app ended before it listened: ${starting.output()}`);
  return { ...starting, url };
}

/** The same with the tests' product. */
export function startTestApp(env: Record<string, string>): Promise<AppProcess> {
  return startApp(env, RUN_TEST_APP);
}

/** Starts the app as a process; `args` and `options` may name another build, folder and user. */
export function spawnApp(
  env: Record<string, string>,
  args = RUN_APP,
  options: { cwd?: string; uid?: number; gid?: number } = {},
) {
  const child = spawn(process.execPath, args, { ...options, env, stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  const port = () => /"outcome":"listening","port":(\d+)/.exec(output)?.[1];
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  return {
    process: child,
    output: () => output,
    /** The URL, once it listens; null when it ended before. */
    async listening() {
      await eventually(() => port() !== undefined || hasEnded(), STARTED_WITHIN_MS);
      return port() === undefined ? null : `http://127.0.0.1:${port()}`;
    },
    async [Symbol.asyncDispose]() {
      if (hasEnded()) return;
      child.kill("SIGKILL");
      await once(child, "exit");
    },
  };
}
