import type { Profile, Subscriber } from "../contracts/notification.ts";
import type { Run } from "../contracts/run.ts";
import { RetryLaterError } from "../lib/errors.ts";
import type { Profiled } from "./tell.ts";

/**
 * Segment delivers in no order: the identify that goes with an event may come just after it. For so long
 * after the event a run of somebody whom nobody has named waits.
 */
const IDENTIFY_LATE_MS = 10_000;
const LOOK_AGAIN_MS = 2_000;

/** What is known of people whose events do not bring them along. */
export interface Acquaintances {
  /** What was told of them apart from the event; null when nothing was, or the event brings its person along. */
  profileHere(run: Pick<Run, "source" | "distinctId">): Promise<Profiled | null>;
  /** Whom a run is of, where persons are read; null when nobody is found, or can be asked for. */
  profileThere(run: Run): Promise<Profiled | null>;
}

/**
 * Makes people known to Novu before it gets a run of theirs, where their events do not: what is
 * triggered has to be the same at each try, and so cannot say what is known by now.
 */
export function createIntroduce({
  acquaintances: { profileHere, profileThere },
  tell,
  now,
}: {
  acquaintances: Acquaintances;
  tell(profile: Profile): Promise<void>;
  now: () => number;
}) {
  return { first, wholeOf };

  /** Throws a RetryLaterError while somebody may still say who it is. */
  async function first(run: Run): Promise<void> {
    if (run.source !== "segment") return;
    const known = await namedBy(run);
    const age = now() - Date.parse(run.occurredAt);
    if (!isNamed(known) && age >= 0 && age < IDENTIFY_LATE_MS)
      throw new RetryLaterError("nobody has said yet who this is", { retryAfterMs: LOOK_AGAIN_MS, refused: false });
    if (known !== null) await tell({ ...known, eventUuid: run.eventUuid });
  }

  /** An identify says of a person what it wants to, and an earlier one may come after it: all that was told of them is told on. */
  async function wholeOf(profile: Profile): Promise<Profile> {
    const { source = "posthog", subscriber, eventUuid } = profile;
    const known = await profileHere({ source, distinctId: subscriber.subscriberId });
    return known === null ? profile : { ...known, eventUuid };
  }

  /** What was told of them; with no address among that, as they are known there: they may have been identified long before. */
  async function namedBy(run: Run): Promise<Profiled | null> {
    const told = await profileHere(run);
    if (isNamed(told)) return told;
    const there = await profileThere(run);
    if (there === null || !isNamed(there)) return told;
    return told !== null && told.occurredAt > there.occurredAt ? { ...there, occurredAt: told.occurredAt } : there;
  }
}

function isNamed(known: { subscriber: Subscriber } | null): boolean {
  return known?.subscriber.email !== undefined || known?.subscriber.phone !== undefined;
}
