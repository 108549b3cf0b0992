import { setTimeout as sleep } from "node:timers/promises";

/**
 * Reserves `count` slots, `intervalMs` apart, of a limit that all processes share. `waitMs` is the time until the first
 * slot. `disbelievedMs` is above 0 when the next slot was so far ahead that a wrong clock must have reserved it.
 */
type ReserveSlots = (
  name: string,
  count: number,
  intervalMs: number,
) => Promise<{ waitMs: number; disbelievedMs: number }>;

/** Leaves room for calls that are made a little after their slot. */
export const SHARE_OF_RATE = 0.9;
/** A call that is later than this reserves another slot, because many late calls at once would exceed the rate. */
const MOST_LATE_MS = 50;
/**
 * Calls with slots within this time are made together, so that their results are saved together. SHARE_OF_RATE leaves
 * room in each second for a group and for late calls, but not for larger groups.
 */
const GROUP_MS = 50;

/**
 * Delays calls, so that all processes with this limit make at most `perSecond` calls in a second. Uses real, monotonic
 * time, as the limits of other services do. Calls of one moment reserve their slots together.
 */
export function createRateLimiter({
  name,
  perSecond,
  reserveSlots,
  onReset,
}: {
  /** The name of the limit, the same in all processes. */
  name: string;
  perSecond: number;
  reserveSlots: ReserveSlots;
  /** Called when a wrong clock had set the limit ahead by `aheadMs`. */
  onReset(aheadMs: number): void;
}) {
  const intervalMs = 1000 / (perSecond * SHARE_OF_RATE);
  let open: { count: number; firstAt: Promise<number> } | null = null;

  return async (): Promise<void> => {
    let slotAt: number;
    do {
      slotAt = groupedAt(await reserveSlot());
      const waitMs = slotAt - performance.now();
      if (waitMs > 0) await sleep(waitMs);
    } while (performance.now() - slotAt > MOST_LATE_MS);
  };

  /** The end of the slot's group; for a near slot, the slot itself. */
  function groupedAt(slotAt: number): number {
    return slotAt - performance.now() < GROUP_MS ? slotAt : Math.ceil(slotAt / GROUP_MS) * GROUP_MS;
  }

  async function reserveSlot(): Promise<number> {
    open ??= openReservation();
    const reservation = open;
    const index = reservation.count;
    reservation.count += 1;
    return (await reservation.firstAt) + index * intervalMs;
  }

  function openReservation() {
    const reservation = { count: 0, firstAt: Promise.resolve(0) };
    reservation.firstAt = new Promise(setImmediate).then(async () => {
      open = null;
      const { waitMs, disbelievedMs } = await reserveSlots(name, reservation.count, intervalMs);
      if (disbelievedMs > 0) onReset(disbelievedMs);
      return waitMs + performance.now();
    });
    return reservation;
  }
}

/** Reads within this time share a request. */
const SHARED_MS = 20;

/** Allows all reads of one moment, and then no read for `everyMs`. So many small requests become a few large ones. */
export function createReadLimiter({ everyMs, now }: { everyMs: number; now: () => number }) {
  let openedAt = Number.NEGATIVE_INFINITY;

  /** The time until a read may be made; 0 when it may be made now. */
  return function waitMs(): number {
    const sinceMs = now() - openedAt;
    if (sinceMs >= 0 && sinceMs < SHARED_MS) return 0;
    if (sinceMs >= 0 && sinceMs < everyMs) return everyMs - sinceMs;
    openedAt = now();
    return 0;
  };
}
