import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Sleep } from "../../lib/clock.ts";
import type { Env } from "../../lib/command.ts";
import { MINUTE_MS } from "../../lib/durations.ts";
import { UnavailableError } from "../../lib/errors.ts";
import { withRetries } from "../../lib/service-client.ts";
import { refusal } from "../plan/novu-workflows.ts";
import { SyncError } from "../plan/sync-error.ts";
import { NOVU_CLI } from "./novu-cli-version.ts";

/** The first run installs 405 MB. */
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
    throw new SyncError("cli", "npx could not be started; it is part of npm");
  });
  if (code === 0) return;
  const { error, isTransient } = cliErrorOf(output, target);
  throw isTransient ? new UnavailableError(error.message, { answered: true, cause: error }) : error;
}

const STATUS = /^AxiosError: Request failed with status code (\d{3})$/m;
const NO_ANSWER = /^AxiosError: ([^\n]{1,120})$/m;
/** The answer's body as node prints it, at the end of the output. */
const MESSAGE = /^\s+message: (['"`])(.{1,300})\1,?$/gm;
const NPM_CODE = /^npm (?:ERR!|error) code (\w+)$/m;
/** Novu's texts about a bridge that it cannot reach now. Some are from older versions of Novu. */
const OUT_OF_REACH =
  /^(Unable to reach|Could not connect to) Bridge Endpoint|^Bridge request timeout|^Unknown bridge (non-)?request error|^Unable to establish tunnel|^Bridge URL is not valid/;
/** Novu's texts about an address that answers, but not as a bridge. */
const NO_BRIDGE = /\bbridge\b|^Maximum redirects|^Unsupported protocol|^Response body could not be read/i;
const OTHER_KEY = /\bsignature\b|^Bridge authentication failed|\b401\b/i;
/** Novu's text about an address that it refuses to call: a private one, localhost, or one with a password. */
const FORBIDDEN = /\bSSRF\b|\brequests to .* are not allowed|\bembedded credentials\b/i;
const LONGEST = 200;

/**
 * The error of a failed `novu sync`. Novu's command prints over a thousand lines, and the secret key in them, so only
 * the parts that are matched here leave this file. `isTransient`: a retry may help.
 */
export function cliErrorOf(
  output: string,
  { bridgeUrl, apiUrl, secretKey }: { bridgeUrl: string; apiUrl: string; secretKey: string },
): { error: SyncError; isTransient: boolean } {
  const status = Number(STATUS.exec(output)?.[1] ?? 0);
  const message = oneLine([...output.matchAll(MESSAGE)].at(-1)?.[2] ?? "", secretKey);
  const words = message === "" ? "" : `: ${message}`;
  if (status === 0) return unanswered(output, { apiUrl, secretKey });
  // The bridge's errors are checked first. Novu may pass on the bridge's 401, which is not about our key at Novu.
  const ofBridge = bridgeErrorOf(message, bridgeUrl);
  if (ofBridge !== null) return ofBridge;
  if (status === 401 || status === 403) return lasting(refusal(status, { apiUrl, path: "the sync" }));
  if (status === 429 || status >= 500)
    return { error: new SyncError("novu", `Novu answered ${status} to the sync${words}`), isTransient: true };
  if (status === 402 || /\b(limit|maximum|exceed\w*|the plan takes)\b/i.test(message))
    return lasting(new SyncError("limits", `Novu's plan does not allow these workflows${words}`));
  return lasting(new SyncError("novu", `Novu answered ${status} to the sync${words}`));
}

/** Null if the message is not about the bridge. */
function bridgeErrorOf(message: string, bridgeUrl: string): { error: SyncError; isTransient: boolean } | null {
  if (FORBIDDEN.test(message))
    return lasting(
      new SyncError(
        "bridge",
        `Novu refuses to call ${bridgeUrl}: ${message} The bridge needs a public address. A self-hosted Novu also calls an address that NOVU_SAFE_OUTBOUND_ALLOW names for its API and worker, but never "localhost"`,
      ),
    );
  if (/\bsignature expired\b/i.test(message))
    return lasting(new SyncError("another key", "the clocks of Novu and of the bridge are more than 5 minutes apart"));
  // The bridge's URL is removed first, because it may contain any of these words.
  if (OTHER_KEY.test(message.replaceAll(bridgeUrl, "")))
    return lasting(
      new SyncError(
        "another key",
        `the bridge refuses Novu: ${message}; it runs with the NOVU_SECRET_KEY of another environment`,
      ),
    );
  if (OUT_OF_REACH.test(message)) {
    const error = new SyncError(
      "bridge",
      `Novu cannot use the bridge at ${bridgeUrl}: ${message}; Novu has to reach the bridge, and get its answer to discover within 5 s`,
    );
    return { error, isTransient: true };
  }
  if (NO_BRIDGE.test(message.replaceAll(bridgeUrl, "")))
    return lasting(
      new SyncError("bridge", `Novu cannot use what answers at ${bridgeUrl}: ${message}; is it the bridge's address?`),
    );
  return null;
}

function unanswered(output: string, { apiUrl, secretKey }: { apiUrl: string; secretKey: string }) {
  const why = NO_ANSWER.exec(output)?.[1];
  if (why !== undefined)
    return {
      error: new SyncError("novu", `Novu at ${apiUrl} does not answer: ${oneLine(why, secretKey)}`),
      isTransient: true,
    };
  const npm = NPM_CODE.exec(output)?.[1];
  if (npm !== undefined)
    return lasting(
      new SyncError(
        "cli",
        `npx cannot install Novu's command (npm's code ${npm}); can this machine reach the registry?`,
      ),
    );
  return lasting(
    new SyncError("cli", "Novu's command failed without a reason; is npx installed, and Node 20 or newer?"),
  );
}

function lasting(error: SyncError) {
  return { error, isTransient: false };
}

/** One line of Novu's text, without our key. */
function oneLine(words: string, secretKey: string): string {
  return words
    .replaceAll(secretKey, "***")
    .replace(/\p{Cc}/gu, " ")
    .slice(0, LONGEST);
}
