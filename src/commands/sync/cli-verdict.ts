import { refusal } from "../plan/novu-workflows.ts";
import { Trouble } from "../plan/trouble.ts";

const STATUS = /^AxiosError: Request failed with status code (\d{3})$/m;
const NO_ANSWER = /^AxiosError: ([^\n]{1,120})$/m;
/** As node prints the answer's body, which comes last of all. */
const MESSAGE = /^\s+message: (['"`])(.{1,300})\1,?$/gm;
const NPM_CODE = /^npm (?:ERR!|error) code (\w+)$/m;
/** Novu's own words of a bridge that it cannot ask now, or could not with an older Novu. */
const OUT_OF_REACH =
  /^(Unable to reach|Could not connect to) Bridge Endpoint|^Bridge request timeout|^Unknown bridge (non-)?request error|^Unable to establish tunnel|^Bridge URL is not valid/;
/** Of a bridge that answers, and not as one. */
const NO_BRIDGE = /\bbridge\b|^Maximum redirects|^Unsupported protocol|^Response body could not be read/i;
const OTHER_KEY = /\bsignature\b|^Bridge authentication failed|\b401\b/i;
/** Of an address that Novu does not call: a private one, this machine by its name, or one with a password in it. */
const FORBIDDEN = /\bSSRF\b|\brequests to .* are not allowed|\bembedded credentials\b/i;
const LONGEST = 200;

/**
 * What a failed `novu sync` means. It prints over a thousand lines, the secret key among them, so only
 * what is looked for here leaves this file. `isTransient`: trying again may help.
 */
export function verdictOf(
  output: string,
  { bridgeUrl, apiUrl, secretKey }: { bridgeUrl: string; apiUrl: string; secretKey: string },
): { trouble: Trouble; isTransient: boolean } {
  const status = Number(STATUS.exec(output)?.[1] ?? 0);
  const message = said([...output.matchAll(MESSAGE)].at(-1)?.[2] ?? "", secretKey);
  const words = message === "" ? "" : `: ${message}`;
  if (status === 0) return unanswered(output, { apiUrl, secretKey });
  // First of all, because Novu may pass on the bridge's status: 401 is then not about its own key.
  const ofBridge = verdictOfBridge(message, bridgeUrl);
  if (ofBridge !== null) return ofBridge;
  if (status === 401 || status === 403) return lasting(refusal(status, { apiUrl, path: "the sync" }));
  if (status === 429 || status >= 500)
    return { trouble: new Trouble("novu", `Novu answered ${status} to the sync${words}`), isTransient: true };
  if (status === 402 || /\b(limit|maximum|exceed\w*|the plan takes)\b/i.test(message))
    return lasting(new Trouble("limits", `Novu's plan does not take these workflows${words}`));
  return lasting(new Trouble("novu", `Novu answered ${status} to the sync${words}`));
}

/** Null where the words are not about the bridge. */
function verdictOfBridge(message: string, bridgeUrl: string): { trouble: Trouble; isTransient: boolean } | null {
  if (FORBIDDEN.test(message))
    return lasting(
      new Trouble(
        "bridge",
        `Novu refuses to call ${bridgeUrl}: ${message} It has to be a public address, or one that NOVU_SAFE_OUTBOUND_ALLOW names in the environment of your own Novu's API and worker, and never "localhost"`,
      ),
    );
  if (/\bsignature expired\b/i.test(message))
    return lasting(new Trouble("another key", "the clocks of Novu and of the bridge are more than 5 minutes apart"));
  // By its address it may be named like anything.
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
      trouble: new Trouble("novu", `Novu at ${apiUrl} does not answer: ${said(why, secretKey)}`),
      isTransient: true,
    };
  const npm = NPM_CODE.exec(output)?.[1];
  if (npm !== undefined)
    return lasting(
      new Trouble("cli", `npx cannot install Novu's command (npm's code ${npm}); can this machine reach the registry?`),
    );
  return lasting(
    new Trouble("cli", "Novu's command failed and did not say why; is npx installed, and Node 20 or newer?"),
  );
}

function lasting(trouble: Trouble) {
  return { trouble, isTransient: false };
}

/** One line of somebody else's words, without our key. */
function said(words: string, secretKey: string): string {
  return words
    .replaceAll(secretKey, "***")
    .replace(/\p{Cc}/gu, " ")
    .slice(0, LONGEST);
}
