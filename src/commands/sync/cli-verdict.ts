import { refusal } from "../plan/novu-workflows.ts";
import { Trouble } from "../plan/trouble.ts";

const STATUS = /^AxiosError: Request failed with status code (\d{3})$/m;
const NO_ANSWER = /^AxiosError: ([^\n]{1,120})$/m;
/** As node prints the answer's body, which comes last of all. */
const MESSAGE = /^\s+message: (['"`])(.{1,300})\1,?$/gm;
const NPM_CODE = /^npm (?:ERR!|error) code (\w+)$/m;
const CANNOT_BE_USED = "Bridge URL is not valid";
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
  if (status === 401 || status === 403) return lasting(refusal(status, { apiUrl, path: "the sync" }));
  if (status === 429 || status >= 500)
    return { trouble: new Trouble("novu", `Novu answered ${status} to the sync${words}`), isTransient: true };
  if (message.includes(CANNOT_BE_USED)) {
    if (/signature|\b401\b/i.test(message))
      return lasting(
        new Trouble(
          "another key",
          `the bridge refuses Novu${words}; it runs with the NOVU_SECRET_KEY of another environment`,
        ),
      );
    const trouble = new Trouble(
      "bridge",
      `Novu cannot use the bridge at ${bridgeUrl}${words}; it has to be reachable from the internet, by https, and to answer discover within 5 s`,
    );
    return { trouble, isTransient: true };
  }
  if (status === 402 || /\b(limit|maximum|exceed\w*|the plan takes)\b/i.test(message))
    return lasting(new Trouble("limits", `Novu's plan does not take these workflows${words}`));
  return lasting(new Trouble("novu", `Novu answered ${status} to the sync${words}`));
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
