import { setTimeout as sleep } from "node:timers/promises";

/** Takes `count` places in a line that all processes share, `intervalMs` apart; answers how long it is until the first. */
export type ReserveSlots = (count: number, intervalMs: number) => Promise<number>;

/** Leaves room for turns that come a little late. */
const OF_THE_RATE = 0.9;
/** The rest of the rate. Who comes later than that has missed the turn: late turns together would be too many at once. */
const AT_MOST_LATE_MS = 50;

/** Turns this near go together, and what is noted after each call is written together. */
const TOGETHER_MS = 50;

/**
 * Spaces calls out, so that in no second more are made than `perSecond`, over all processes that
 * share the line. It goes by real time, as the limits of other people's services do, on a clock that
 * nobody sets. Calls of one moment take their places together.
 */
export function createRateLimiter({ reserveSlots, perSecond }: { reserveSlots: ReserveSlots; perSecond: number }) {
  const intervalMs = 1000 / (perSecond * OF_THE_RATE);
  let together: { count: number; first: Promise<number> } | null = null;

  return async (): Promise<void> => {
    let turn: number;
    do {
      turn = inItsGroup(await reserveSend());
      const waitMs = turn - performance.now();
      if (waitMs > 0) await sleep(waitMs);
    } while (performance.now() - turn > AT_MOST_LATE_MS);
  };

  /** Who need hardly wait does not wait for others. */
  function inItsGroup(turn: number): number {
    return turn - performance.now() < TOGETHER_MS ? turn : Math.ceil(turn / TOGETHER_MS) * TOGETHER_MS;
  }

  async function reserveSend(): Promise<number> {
    together ??= begin();
    const group = together;
    const place = group.count;
    group.count += 1;
    return (await group.first) + place * intervalMs;
  }

  function begin() {
    const group = { count: 0, first: Promise.resolve(0) };
    group.first = new Promise(setImmediate).then(async () => {
      together = null;
      return (await reserveSlots(group.count, intervalMs)) + performance.now();
    });
    return group;
  }
}
