import type { FuzzRequest } from "./fuzz-requests.ts";
import { leaksIn } from "./planted.ts";
import type { Exchange } from "./raw-client.ts";

/** The bodies of the only allowed 5xx: own trouble, with `Retry-After`. */
const OWN_TROUBLE = [
  "cannot store events now; send it again",
  "too many bodies are being read; send it again",
  "the step could not be made now; the bridge's log says why",
  '"status":"not ready"',
  "The store cannot be read now",
  "This page does not work just now",
];

/** The faults of an answer. A refusal is no fault. */
export function troublesOf({ route }: FuzzRequest, { outcome, head, body }: Exchange, number: number): string[] {
  const leaks = leaksIn(`${head}\n${body}`).map(({ what, request }) =>
    request === number || request === null
      ? `${what} is in the answer`
      : `${what}, of request ${request}, is in the answer`,
  );
  return [
    ...new Set(leaks),
    ...(outcome === "no answer" ? [`${route}: no answer within 10 s`] : []),
    ...(typeof outcome === "number" && outcome >= 500 && !isOwnTrouble(outcome, body)
      ? [`${route}: answered ${outcome}: ${body.slice(0, 200)}`]
      : []),
  ];
}

function isOwnTrouble(status: number, body: string): boolean {
  return status === 503 && (body === "" || OWN_TROUBLE.some((words) => body.includes(words)));
}
