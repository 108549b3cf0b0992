import type { Profile, Start, Subscriber } from "../contracts/notification.ts";
import type { Run } from "../contracts/run.ts";
import { PermanentError, RetryLaterError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import { zoned } from "../lib/time-zone.ts";
import { valueWithin } from "../lib/value-within.ts";
import type { Bursts } from "./bursts.ts";
import type { ReadNow, SubscriberOf } from "./refresh-subscriber.ts";
import type { Profiled } from "./upsert-subscriber.ts";

const LOOK_AGAIN_MS = 2_000;
const SOON_MS = 500;
/** So long a source that did not answer is not asked: the triggers that wait are not to take seconds each. */
const PAUSE_MS = 5_000;

/** A field of the subscriber that a message needs. */
export type Address = "email" | "phone";

/** Reads of people, from their sources and from the store. */
export interface Acquaintances {
  /** What was told of them apart from the event; null when nothing was, or the event brings its person along. */
  profileHere(run: Pick<Run, "source" | "distinctId">): Promise<Profiled | null>;
  /** Whom a run is of, where persons are read; null when nobody is found, or can be asked for. */
  profileThere(run: Run): Promise<Profiled | null>;
  /** The person as the source knows them at this moment. */
  readNow: ReadNow;
  subscriberOf: SubscriberOf;
  /** The recipient of an earlier try, to which Novu has said nothing; null when there is none. */
  keptRecipient(trigger: { transactionId: string; refusals: number }): Promise<Profiled | null>;
}

/** Finds the recipient of each run, and waits for an address where the person has none yet. */
export function createRecipientFinder({
  acquaintances: { profileHere, profileThere, readNow, subscriberOf, keptRecipient },
  tell,
  reads,
  now,
  log,
}: {
  acquaintances: Acquaintances;
  tell(profile: Profile): Promise<void>;
  /** When the source may be read for what can do without. */
  reads: Bursts;
  now: () => number;
  log: Log;
}) {
  let pausedUntil = 0;
  /** For triggers that can do without the source. */
  let slowUntil = 0;
  return { recipientOf, wholeOf };

  /**
   * The recipient as the trigger is to name them. Novu remembers a trigger by its key and refuses another
   * body under it, so after silence the next try has the same recipient. Throws a RetryLaterError while the
   * person has none of the addresses yet that the run `needs`.
   */
  async function recipientOf(
    { run, to, addressWait }: Start,
    { refusals, isTried, needs }: { refusals: number; isTried: boolean; needs: Address[] },
  ): Promise<Profiled> {
    const kept = isTried ? await keptRecipient({ transactionId: run.transactionId, refusals }) : null;
    if (kept !== null) return kept;
    const asOfEvent = { subscriber: to, occurredAt: addressWait?.since ?? run.occurredAt };
    const known = run.source === "segment" ? await namedBy(run) : await readFirst(run, asOfEvent, needs);
    if (needs.length > 0 && addressWait !== null && !isNamed(known)) waitForAddress(addressWait);
    if (run.source === "segment") {
      if (known !== null) await tellIfTaken({ ...known, eventUuid: run.eventUuid });
      return { subscriber: to, occurredAt: run.occurredAt };
    }
    return known ?? asOfEvent;
  }

  /** A profile that Novu refuses for good must not cost the person the run. */
  async function tellIfTaken(profile: Profile): Promise<void> {
    try {
      await tell(profile);
    } catch (error) {
      if (!(error instanceof PermanentError)) throw error;
      log.warn({ component: "outbox", outcome: "profile refused", eventUuid: profile.eventUuid });
    }
  }

  /** An identify says of a person what it wants to, and an earlier one may come after it: all that was told of them is told on. */
  async function wholeOf(profile: Profile): Promise<Profile> {
    const { source = "posthog", subscriber, eventUuid } = profile;
    const known = await profileHere({ source, distinctId: subscriber.subscriberId });
    return known === null ? profile : { ...known, eventUuid };
  }

  /** As the source knows the person now; as of the event when it does not, or cannot be asked. */
  async function readFirst(run: Run, asOfEvent: Profiled, needs: Address[]): Promise<Profiled> {
    const hasAll = isNamed(asOfEvent) && needs.every((field) => asOfEvent.subscriber[field] != null);
    if (performance.now() < (hasAll ? Math.max(pausedUntil, slowUntil) : pausedUntil)) return asOfEvent;
    // The event brought them along a moment ago; PostHog takes few reads, and the steps need them.
    if (hasAll && reads.waitMs() > 0) return asOfEvent;
    // A trigger whose event brought the addresses that its messages need does not wait for a slow source.
    const person = hasAll ? await valueWithin(readNow(run), SOON_MS) : await readNow(run);
    if (person === null) slowUntil = performance.now() + PAUSE_MS;
    if (person === null) return asOfEvent;
    if (person.outcome === "unavailable") pausedUntil = performance.now() + PAUSE_MS;
    if (person.outcome !== "found") return asOfEvent;
    const properties = zoned(person.properties, run.timeZone);
    return { subscriber: subscriberOf(run.distinctId, properties), occurredAt: new Date(person.asOf).toISOString() };
  }

  /** Looks again soon at first, and then less and less often. */
  function waitForAddress({ since, forMs }: NonNullable<Start["addressWait"]>): void {
    const waitedMs = now() - Date.parse(since);
    const leftMs = forMs - waitedMs;
    if (leftMs <= 0) return;
    const retryAfterMs = Math.min(Math.max(waitedMs, LOOK_AGAIN_MS), leftMs);
    throw new RetryLaterError("the person has no address yet", { retryAfterMs, answered: false });
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
  return known?.subscriber.email != null || known?.subscriber.phone != null;
}
