import { createDice } from "./dice.ts";
import { mutated } from "./mutate.ts";
import { fromNovu, fromPostHog, fromSegment, oddIds } from "./poison-events.ts";
import type { Wire } from "./raw-client.ts";
import type { Trouble } from "./services.ts";
import { novuBody } from "./sound-bodies.ts";

export interface Poison {
  name: string;
  wires(): Wire[];
  /** Novu's error for these. */
  trouble?: Trouble;
  /** Whether it is sent before the answer to the previous one. */
  isAtOnce?: boolean;
}

const TIMES = ["9999-12-31T23:59:59Z", "1970-01-01T00:00:00Z", "+275760-09-13T00:00:00.000Z", "0000-01-01T00:00:00Z"];
const PLACEHOLDERS = ["undefined", "null", "NaN", "0", "[object Object]", "true", "anonymous", "guest", "", " "];
const DEEP = 10_000;
const MANY_ODD = 40;
const REFUSED = "refused-by-novu";
const FOR_LONG = { status: 429, headers: { "retry-after": "99999999" } };

/** Inputs with a valid signature, each of which could block others. */
export const POISONS: Poison[] = [
  ...Object.entries(oddIds()).flatMap(([name, id]) => [
    { name: `posthog: ${name} as the event's id`, wires: () => [fromPostHog({ uuid: id })] },
    { name: `segment: ${name} as the message's id`, wires: () => [fromSegment({ messageId: id })] },
    { name: `posthog: ${name} as the distinct id`, wires: () => [fromPostHog({ distinctId: id })] },
  ]),
  {
    name: `posthog and segment: ${MANY_ODD} odd ids at once`,
    isAtOnce: true,
    wires: () =>
      Array.from({ length: MANY_ODD }, (_, index) =>
        index % 2 === 0 ? fromPostHog({ uuid: `x-💥-${index}` }) : fromSegment({ messageId: `x-💥-${index}` }),
      ),
  },
  {
    name: "posthog: events of odd times",
    wires: () => TIMES.map((timestamp) => fromPostHog({ timestamp })),
  },
  {
    name: "segment: events of odd times",
    wires: () => TIMES.map((timestamp) => fromSegment({ timestamp, originalTimestamp: timestamp })),
  },
  {
    name: "posthog: placeholders as the distinct id",
    wires: () => PLACEHOLDERS.map((distinctId) => fromPostHog({ distinctId })),
  },
  { name: "posthog: properties nested 10,000 deep", wires: () => [fromPostHog({}, nest)] },
  { name: "segment: properties nested 10,000 deep", wires: () => [fromSegment({}, nest)] },
  {
    name: "novu always answers 502 to one run",
    trouble: { of: [REFUSED], status: 502 },
    wires: () => [fromPostHog({ uuid: REFUSED })],
  },
  {
    name: `novu always answers 502 to ${MANY_ODD} runs`,
    trouble: { of: [REFUSED], status: 502 },
    isAtOnce: true,
    wires: () => Array.from({ length: MANY_ODD }, (_, index) => fromPostHog({ uuid: `${REFUSED}-${index}` })),
  },
  {
    name: "novu answers Retry-After: 99999999 to one run",
    trouble: { of: [REFUSED], ...FOR_LONG },
    wires: () => [fromPostHog({ uuid: REFUSED })],
  },
  {
    name: "novu: webhooks with NUL and odd shapes",
    wires: () =>
      Array.from({ length: 60 }, (_, index) => {
        const dice = createDice(7, index);
        return fromNovu(mutated(novuBody(dice, index), dice, 2));
      }),
  },
];

function nest(body: string): string {
  return body.replace('"properties":{', `"properties":{"deep":${"[".repeat(DEEP)}${"]".repeat(DEEP)},`);
}
