import type { Dice } from "./dice.ts";
import { headerText, oddBody, oddHeaders } from "./fuzz-webhooks.ts";
import { oddString } from "./odd-values.ts";
import { bridgeProof, type Headers } from "./signing.ts";
import { bridgeBody } from "./sound-bodies.ts";
import type { Message } from "./wire.ts";

const METHODS = ["POST", "POST", "POST", "POST", "GET", "OPTIONS", "PUT", "HEAD", "DELETE"];
const ACTIONS = [
  "execute",
  "execute",
  "execute",
  "preview",
  "trigger",
  "discover",
  "health-check",
  "code",
  "agent-event",
  "odd",
];
const WORKFLOWS = ["onboarding", "drop-off", "step-nudge", "welcome-to-paid", "re-engagement", "none"];
const STEPS = ["welcome", "welcome-note", "reminder", "check-in", "provider", "none"];
const RIGHT = 0.5;
const STALE_MS = 10 * 60 * 1000;

/** A call to the bridge. One with a valid signature differs from Novu's only in its values. */
export function toBridge(dice: Dice, number: number): Message {
  const method = dice.pick(METHODS);
  const body = ["POST", "PUT", "DELETE"].includes(method) ? oddBody(bridgeBody(dice, number), dice) : undefined;
  const proof = dice.chance(RIGHT) ? bridgeProof(body ?? "{}") : oddProof(dice, body ?? "{}");
  return {
    method,
    target: `/api/novu?${query(dice)}`,
    headers: { ...oddHeaders(dice, number), ...proof },
    ...(body !== undefined && { body, isChunked: dice.chance(0.1) }),
  };
}

function query(dice: Dice): string {
  const odd = (known: string[]) => (dice.chance(0.85) ? dice.pick(known) : wellFormed(oddString(dice)));
  return new URLSearchParams({
    action: odd(ACTIONS),
    workflowId: odd(WORKFLOWS),
    stepId: odd(STEPS),
  })
    .toString()
    .slice(0, 4_000);
}

function oddProof(dice: Dice, body: string | Buffer): Headers {
  const kind = dice.int(5);
  if (kind === 0) return {};
  if (kind === 1) return bridgeProof(`[${body}]`);
  if (kind === 2) return bridgeProof(body, Date.now() - STALE_MS);
  if (kind === 3) return { "novu-signature": headerText(oddString(dice)) };
  return { "novu-signature": headerText(`t=${oddString(dice)},v1=${oddString(dice)}`) };
}

function wellFormed(text: string): string {
  return text.slice(0, 1_000).toWellFormed();
}
