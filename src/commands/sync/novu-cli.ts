import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Env } from "../../lib/command.ts";
import { MINUTE_MS } from "../../lib/durations.ts";
import { UnavailableError } from "../../lib/errors.ts";
import type { Sleep } from "../../lib/sleep.ts";
import { withRetries } from "../../lib/with-retries.ts";
import { Trouble } from "../plan/trouble.ts";
import { verdictOf } from "./cli-verdict.ts";

/** Novu's own command, in the version that this was tried with. */
export const NOVU_CLI = "novu@2.20.1";

/** It is 405 MB to install the first time. */
const ENDS_WITHIN_MS = 10 * MINUTE_MS;
/** What npx and node go by. Our other secrets are none of its business. */
const HANDED_ON =
  /^(PATH|PATHEXT|HOME|USER|USERPROFILE|APPDATA|LOCALAPPDATA|SYSTEMROOT|COMSPEC|TMPDIR|TEMP|TMP|LANG|CI|NPM_CONFIG_.*|HTTPS?_PROXY|NO_PROXY|NODE_EXTRA_CA_CERTS)$/i;

/** Runs the official `novu sync`; none of what it prints is passed on. Tries again what may pass. */
export async function runNovuCli(
  target: { bridgeUrl: string; apiUrl: string; secretKey: string },
  { env, sleep, onPause }: { env: Env; sleep: Sleep; onPause(why: string): void },
): Promise<void> {
  try {
    await withRetries(() => runOnce(target, env), { sleep, onPause: ({ why }) => onPause(why) });
  } catch (error) {
    throw error instanceof UnavailableError ? error.cause : error;
  }
}

async function runOnce(target: { bridgeUrl: string; apiUrl: string; secretKey: string }, env: Env): Promise<void> {
  const handedOn = Object.entries(env).filter(([name]) => HANDED_ON.test(name));
  // The key goes by the environment, because everybody on a machine can read the arguments.
  const child = spawn("npx", ["--yes", NOVU_CLI, "sync", "-b", target.bridgeUrl, "-a", target.apiUrl], {
    env: { ...Object.fromEntries(handedOn), NOVU_SECRET_KEY: target.secretKey, ANALYTICS_ENABLED: "false" },
    stdio: ["ignore", "pipe", "pipe"],
    shell: process.platform === "win32",
    timeout: ENDS_WITHIN_MS,
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  const [code] = await once(child, "close").catch(() => {
    throw new Trouble("cli", "npx cannot be run; it comes with npm");
  });
  if (code === 0) return;
  const { trouble, isTransient } = verdictOf(output, target);
  throw isTransient ? new UnavailableError(trouble.message, { answered: true, cause: trouble }) : trouble;
}
