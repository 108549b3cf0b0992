import { refusal } from "../plan/novu-workflows.ts";
import { Trouble } from "../plan/trouble.ts";

const STATUS = /^AxiosError: Request failed with status code (\d{3})$/m;
const NO_ANSWER = /^AxiosError: ([^\n]{1,120})$/m;
/** The answer's body as node prints it, at the end of the output. */
const MESSAGE = /^\s+message: (['"`])(.{1,300})\1,?$/gm;
const NPM_CODE = /^npm (?:ERR!|error) code (\w+)$/m;
/** Novu's texts about a bridge that it cannot reach now; some are of older versions. */
const OUT_OF_REACH =
  /^(Unable to reach|Could not connect to) Bridge Endpoint|^Bridge request timeout|^Unknown bridge (non-)?request error|^Unable to establish tunnel|^Bridge URL is not valid/;
/** About an address that answers, but not as a bridge. */
const NO_BRIDGE = /\bbridge\b|^Maximum redirects|^Unsupported protocol|^Response body could not be read/i;
const OTHER_KEY = /\bsignature\b|^Bridge authentication failed|\b401\b/i;
/** Novu's text about an address that it refuses to call: a private one, localhost, or one with a password. */
const FORBIDDEN = /\bSSRF\b|\brequests to .* are not allowed|\bembedded credentials\b/i;
const LONGEST = 200;

/**
 * The error of a failed `novu sync`. It prints over a thousand lines, with the secret key in them, so only the
 * parts that are matched here leave this file. `isTransient`: a retry may help.
 */
export function cliErrorOf(
  output: string,
  { bridgeUrl, apiUrl, secretKey }: { bridgeUrl: string; apiUrl: string; secretKey: string },
): { trouble: Trouble; isTransient: boolean } {
  const status = Number(STATUS.exec(output)?.[1] ?? 0);
  const message = oneLine([...output.matchAll(MESSAGE)].at(-1)?.[2] ?? "", secretKey);
  const words = message === "" ? "" : `: ${message}`;
  if (status === 0) return unanswered(output, { apiUrl, secretKey });
  // Checked first, because Novu may pass on the bridge's status: then a 401 is not about Novu's own key.
  const ofBridge = bridgeErrorOf(message, bridgeUrl);
  if (ofBridge !== null) return ofBridge;
  if (status === 401 || status === 403) return lasting(refusal(status, { apiUrl, path: "the sync" }));
  if (status === 429 || status >= 500)
    return { trouble: new Trouble("novu", `Novu answered ${status} to the sync${words}`), isTransient: true };
  if (status === 402 || /\b(limit|maximum|exceed\w*|the plan takes)\b/i.test(message))
    return lasting(new Trouble("limits", `Novu's plan does not allow these workflows${words}`));
  return lasting(new Trouble("novu", `Novu answered ${status} to the sync${words}`));
}

/** Null if the message is not about the bridge. */
function bridgeErrorOf(message: string, bridgeUrl: string): { trouble: Trouble; isTransient: boolean } | null {
  if (FORBIDDEN.test(message))
    return lasting(
      new Trouble(
        "bridge",
        `Novu refuses to call ${bridgeUrl}: ${message} It has to be a public address, or on a self-hosted Novu one that NOVU_SAFE_OUTBOUND_ALLOW names for its API and worker, and never "localhost"`,
      ),
    );
  if (/\bsignature expired\b/i.test(message))
    return lasting(new Trouble("another key", "the clocks of Novu and of the bridge are more than 5 minutes apart"));
  // The address itself may contain any word.
  if (OTHER_KEY.test(message.replaceAll(bridgeUrl, "")))
    return lasting(
      new Trouble(
        "another key",
        `the bridge refuses Novu: ${message}; it runs with the NOVU_SECRET_KEY of another environment`,
      ),
    );
  if (OUT_OF_REACH.test(message)) {
    const trouble = new Trouble(
      "bridge",
      `Novu cannot use the bridge at ${bridgeUrl}: ${message}; it has to be reachable from where Novu runs and to answer discover within 5 s`,
    );
    return { trouble, isTransient: true };
  }
  if (NO_BRIDGE.test(message.replaceAll(bridgeUrl, "")))
    return lasting(
      new Trouble("bridge", `Novu cannot use what answers at ${bridgeUrl}: ${message}; is it the bridge's address?`),
    );
  return null;
}

function unanswered(output: string, { apiUrl, secretKey }: { apiUrl: string; secretKey: string }) {
  const why = NO_ANSWER.exec(output)?.[1];
  if (why !== undefined)
    return {
      trouble: new Trouble("novu", `Novu at ${apiUrl} does not answer: ${oneLine(why, secretKey)}`),
      isTransient: true,
    };
  const npm = NPM_CODE.exec(output)?.[1];
  if (npm !== undefined)
    return lasting(
      new Trouble("cli", `npx cannot install Novu's command (npm's code ${npm}); can this machine reach the registry?`),
    );
  return lasting(new Trouble("cli", "Novu's command failed without a reason; is npx installed, and Node 20 or newer?"));
}

function lasting(trouble: Trouble) {
  return { trouble, isTransient: false };
}

/** One line of Novu's text, without our key. */
function oneLine(words: string, secretKey: string): string {
  return words
    .replaceAll(secretKey, "***")
    .replace(/\p{Cc}/gu, " ")
    .slice(0, LONGEST);
}
