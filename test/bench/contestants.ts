import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { SECRETS } from "./load.ts";

/** The flags of `npm start`, with which each server runs. */
export const START_FLAGS = ["--max-semi-space-size=16"];
const SERVER = fileURLToPath(new URL("./server.ts", import.meta.url));

export interface Cost {
  cpuMicros: number;
  rssBytes: number;
}

export interface Contestant {
  name: string;
  url: string;
  /** Stops it meanwhile, including its calls to Novu. */
  freeze(): void;
  thaw(): void;
  /** Its CPU since the start. */
  cost(): Promise<Cost>;
  stop(): Promise<void>;
}

/** Starts a server as a process, with its logs, beside the stub at `novuUrl`. */
export async function start(
  name: string,
  kind: "bare" | "express" | "naive" | "ours" | "floor",
  novuUrl: string,
  env: Record<string, string> = {},
): Promise<Contestant> {
  const child = fork(SERVER, [kind], {
    env: { PATH: process.env.PATH, ...settings(novuUrl), ...env },
    execArgv: [...START_FLAGS, "--import", "tsx"],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const ended = once(child, "exit").then(([code]) => {
    throw new Error(`${name} ended with ${code}`);
  });
  ended.catch(() => {});
  const { url } = await answer<{ url: string }>();
  return {
    name,
    url,
    freeze: () => void child.kill("SIGSTOP"),
    thaw: () => void child.kill("SIGCONT"),
    cost() {
      const asked = answer<Cost>();
      child.send("cost");
      return asked;
    },
    async stop() {
      child.kill("SIGKILL");
      await ended.catch(() => {});
    },
  };

  async function answer<Message>(): Promise<Message> {
    const started = new AbortController();
    try {
      const [message] = await Promise.race([once(child, "message", { signal: started.signal }), ended]);
      return message as Message;
    } finally {
      started.abort();
    }
  }
}

export function settings(novuUrl: string): Record<string, string> {
  return {
    NODE_ENV: "production",
    ENV_FILE: "",
    PORT: "0",
    NOVU_SECRET_KEY: "benchmark",
    NOVU_API_URL: novuUrl,
    POSTHOG_PROJECT_TOKEN: "phc_benchmark",
    POSTHOG_HOST: novuUrl,
    POSTHOG_API_HOST: novuUrl,
    POSTHOG_PROJECT_ID: "1",
    POSTHOG_PERSONAL_API_KEY: "phx_benchmark",
    PUBLIC_URL: "https://bridge.acme.example",
    LINK_SIGNING_KEYS: "benchmark benchmark",
    POSTHOG_WEBHOOK_SECRETS: `${SECRETS.signing},${SECRETS.fixed}`,
  };
}
