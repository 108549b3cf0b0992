import { setTimeout as sleep } from "node:timers/promises";

/** Takes `count` places in a line that all processes share, `intervalMs` apart; answers when the first one's turn is. */
export type TakePlaces = (count: number, intervalMs: number) => Promise<number>;

/** So that a turn that comes a little late does not meet the next second's. */
const OF_THE_RATE = 0.95;

/**
 * Spaces calls out, so that in no second more are made than `perSecond`, over all processes that
 * share the line. It goes by real time, as the limits of other people's services do. Calls of one
 * moment take their places together.
 */
export function createPacer({
  takePlaces,
  perSecond,
}: {
  takePlaces: TakePlaces;
  perSecond: number;
}): () => Promise<void> {
  const intervalMs = 1000 / (perSecond * OF_THE_RATE);
  let together: { count: number; first: Promise<number> } | null = null;

  return async () => {
    together ??= begin();
    const group = together;
    const place = group.count;
    group.count += 1;
    const turn = (await group.first) + place * intervalMs;
    const waitMs = turn - Date.now();
    if (waitMs > 0) await sleep(waitMs);
  };

  function begin() {
    const group = { count: 0, first: Promise.resolve(0) };
    group.first = new Promise(setImmediate).then(() => {
      together = null;
      return takePlaces(group.count, intervalMs);
    });
    return group;
  }
}
