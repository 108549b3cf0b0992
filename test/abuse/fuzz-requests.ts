import { createDice, type Dice } from "./dice.ts";
import { toBridge } from "./fuzz-bridge.ts";
import { toLink, toNowhere, toOperator, toStudio } from "./fuzz-pages.ts";
import { rawBytes } from "./fuzz-raw.ts";
import { toNovu, toPostHog, toSegment } from "./fuzz-webhooks.ts";
import type { Wire } from "./raw-client.ts";
import { bytesOf, type Message } from "./wire.ts";

export interface FuzzRequest {
  route: string;
  wire: Wire;
}

type Make = (dice: Dice, number: number, cookie: string) => Message;

/** The share of each route in 100 requests. */
const ROUTES: Array<[turns: number, route: string, make: Make]> = [
  [22, "posthog", toPostHog],
  [18, "segment", toSegment],
  [14, "novu", toNovu],
  [15, "bridge", toBridge],
  [12, "links", toLink],
  [8, "studio", (dice, _number, cookie) => toStudio(dice, cookie)],
  [4, "operator", toOperator],
  [4, "nowhere", toNowhere],
];
const HANG_UPS = 0.01;

/** The same request for the same seed and number, except its times and signatures. */
export function fuzzRequest(seed: number, number: number, cookie: string): FuzzRequest {
  const dice = createDice(seed, number);
  let turn = dice.int(100);
  for (const [turns, route, make] of ROUTES) {
    if (turn < turns) return whole(route, make(dice, number, cookie), dice);
    turn -= turns;
  }
  return { route: "raw", wire: { bytes: rawBytes(dice, number), alone: true } };
}

function whole(route: string, message: Message, dice: Dice): FuzzRequest {
  const bytes = bytesOf(message);
  const wire = {
    bytes,
    hasBody: message.method !== "HEAD",
    ...(dice.chance(HANG_UPS) && { hangUpAfter: dice.int(bytes.length) }),
  };
  return { route, wire };
}
