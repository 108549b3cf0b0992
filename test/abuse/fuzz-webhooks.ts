import type { Dice } from "./dice.ts";
import { mutated, oddText } from "./mutate.ts";
import { oddString } from "./odd-values.ts";
import { plantedEmail, plantedPhone } from "./planted.ts";
import { type Headers, novuProof, postHogProof, segmentProof } from "./signing.ts";
import { novuBody, postHogBody, segmentBody } from "./sound-bodies.ts";
import type { Message } from "./wire.ts";

type Proof = (id: string, body: string | Buffer, nowMs?: number) => Headers;

const RIGHT = 0.5;
const STALE_MS = 10 * 60 * 1000;
const MOST_TOGETHER = 501;
const TYPES = [
  "application/json",
  "application/json; charset=utf-16",
  "text/plain",
  "application/x-www-form-urlencoded",
  "",
];
const ENCODINGS = ["gzip", "br", "deflate", "identity", "x-odd", "gzip, gzip"];

export function toPostHog(dice: Dice, number: number): Message {
  return toWebhook(dice, number, {
    endpoint: "posthog",
    body: oddBody(postHogBody(dice, number), dice),
    proof: postHogProof,
  });
}

export function toNovu(dice: Dice, number: number): Message {
  return toWebhook(dice, number, { endpoint: "novu", body: oddBody(novuBody(dice, number), dice), proof: novuProof });
}

export function toSegment(dice: Dice, number: number): Message {
  const proof: Proof = (_id, body) => segmentProof(body);
  const body = dice.chance(0.12) ? batch(dice, number) : oddBody(segmentBody(dice, number), dice);
  return toWebhook(dice, number, { endpoint: "segment", body, proof });
}

/** Headers for any body, sometimes with an unusual type, encoding or framing. */
export function oddHeaders(dice: Dice, number: number): Headers {
  return {
    "content-type": dice.chance(0.9) ? "application/json" : dice.pick(TYPES),
    ...(dice.chance(0.03) && { "content-encoding": dice.pick(ENCODINGS) }),
    ...(dice.chance(0.3) && {
      "x-forwarded-for": plantedPhone(number),
      referer: `https://x.example/?${plantedEmail(number)}`,
    }),
    ...(dice.chance(0.02) && { expect: "100-continue" }),
  };
}

export function oddBody(sound: unknown, dice: Dice): string | Buffer {
  return oddText(dice.chance(0.25) ? sound : mutated(sound, dice, 1 + dice.int(3)), dice);
}

function toWebhook(
  dice: Dice,
  number: number,
  { endpoint, body, proof }: { endpoint: string; body: string | Buffer; proof: Proof },
): Message {
  return {
    method: "POST",
    target: `/webhooks/${endpoint}${dice.chance(0.1) ? `?for=${plantedEmail(number)}` : ""}`,
    headers: {
      ...oddHeaders(dice, number),
      ...(dice.chance(RIGHT) ? proof(dice.uuid(), body) : oddProof(dice, number, proof, body)),
    },
    body,
    isChunked: dice.chance(0.1),
  };
}

function oddProof(dice: Dice, number: number, proof: Proof, body: string | Buffer): Headers {
  const kind = dice.int(6);
  if (kind === 0) return {};
  if (kind === 1) return proof(dice.uuid(), `${body} `);
  if (kind === 2) return proof(dice.uuid(), body, Date.now() + dice.pick([-STALE_MS, STALE_MS]));
  if (kind === 3) return { "x-webhook-secret": plantedEmail(number), authorization: `Bearer ${plantedEmail(number)}` };
  if (kind === 4) return { ...proof(dice.uuid(), body), "webhook-timestamp": headerText(oddString(dice)) };
  const [name = ""] = Object.keys(proof("", "")).slice(-1);
  return {
    ...proof(dice.uuid(), body),
    [name]: headerText(`${dice.pick(["v1,", "v2,", "t=1,v1=", ""])}${oddString(dice)}`),
  };
}

function batch(dice: Dice, number: number): string | Buffer {
  const size = dice.chance(0.01) ? MOST_TOGETHER : dice.int(8);
  return oddText(
    Array.from({ length: size }, () => {
      const sound = segmentBody(dice, number);
      return dice.chance(0.8) ? sound : mutated(sound, dice, 2);
    }),
    dice,
  );
}

/** Text for a header, without line breaks. */
export function headerText(text: string): string {
  return Buffer.from(text.replace(/[\r\n\0]/g, " ").slice(0, 4_000)).toString("latin1");
}
