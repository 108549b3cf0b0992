import { setTimeout as sleep } from "node:timers/promises";

/** Takes `count` places in a line that all processes share, `intervalMs` apart; answers when the first one's turn is. */
export type TakePlaces = (count: number, intervalMs: number) => Promise<number>;

/** So that a turn that comes a little late does not meet the next second's. */
const OF_THE_RATE = 0.95;
/** How much of a delay, of a timer or of the whole process, is made up for by hurrying. */
const MADE_UP_FOR_MS = 10;

/**
 * Spaces calls out, so that in no second more are made than `perSecond`, over all processes that
 * share the line. It goes by real time, as the limits of other people's services do. Calls of one
 * moment take their places together; after a stall they do not all go at once.
 */
export function createPacer({ takePlaces, perSecond }: { takePlaces: TakePlaces; perSecond: number }) {
  const intervalMs = 1000 / (perSecond * OF_THE_RATE);
  let together: { count: number; first: Promise<number> } | null = null;
  let previous = Promise.resolve(0);

  return async (): Promise<void> => {
    together ??= begin();
    const group = together;
    const place = group.count;
    group.count += 1;
    const turn = (await group.first) + place * intervalMs;
    const went = previous.then((before) => goAt(Math.max(turn, before + intervalMs)));
    previous = went;
    await went;
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

/** Resolves at that time, or at once when it is over; answers the time that counts for the next. */
async function goAt(time: number): Promise<number> {
  const now = Date.now();
  if (time > now) await sleep(time - now);
  return Math.max(time, now - MADE_UP_FOR_MS);
}
