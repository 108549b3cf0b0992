import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Sleep } from "../../lib/clock.ts";
import type { Env } from "../../lib/command.ts";
import { MINUTE_MS } from "../../lib/durations.ts";
import { UnavailableError } from "../../lib/errors.ts";
import { withRetries } from "../../lib/service-client.ts";
import { Trouble } from "../plan/trouble.ts";
import { cliErrorOf } from "./cli-error.ts";

/** Novu's own command, in a tested version. */
export const NOVU_CLI = "novu@2.20.1";

/** The first time it installs 405 MB. */
const ENDS_WITHIN_MS = 10 * MINUTE_MS;
/** The environment variables that npx and node need. Our other secrets are not passed on. */
const PASSED_ON =
  /^(PATH|PATHEXT|HOME|USER|USERPROFILE|APPDATA|LOCALAPPDATA|SYSTEMROOT|COMSPEC|TMPDIR|TEMP|TMP|LANG|CI|NPM_CONFIG_.*|HTTPS?_PROXY|NO_PROXY|NODE_EXTRA_CA_CERTS)$/i;

/** Runs the official `novu sync`, without its output. Retries errors that may pass. */
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
  const passedOn = Object.entries(env).filter(([name]) => PASSED_ON.test(name));
  // The key is in the environment, because every user of the machine can read arguments.
  const child = spawn("npx", ["--yes", NOVU_CLI, "sync", "-b", target.bridgeUrl, "-a", target.apiUrl], {
    env: { ...Object.fromEntries(passedOn), NOVU_SECRET_KEY: target.secretKey, ANALYTICS_ENABLED: "false" },
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
    throw new Trouble("cli", "npx could not be started; it is part of npm");
  });
  if (code === 0) return;
  const { trouble, isTransient } = cliErrorOf(output, target);
  throw isTransient ? new UnavailableError(trouble.message, { answered: true, cause: trouble }) : trouble;
}
