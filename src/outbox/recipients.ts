import { CHANNELS } from "../contracts/channel.ts";
import type { PersonProperties } from "../contracts/person.ts";
import type { Profile, Recipient, Start, Subscriber } from "../contracts/routing.ts";
import type { Run } from "../contracts/run.ts";
import { SOURCES } from "../contracts/sources.ts";
import type { SendingStep } from "../contracts/workflow.ts";
import { valueWithin } from "../lib/clock.ts";
import { SECOND_MS } from "../lib/durations.ts";
import { PermanentError, RetryLaterError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import { zoned } from "../lib/time-zone.ts";
import type { Profiled, Subscribers } from "./subscribers.ts";
import type { JobAttempt } from "./worker.ts";

const CHECK_AGAIN_MS = 2 * SECOND_MS;
/** A trigger waits at most this long for a read of the person when its event has the needed addresses. */
const OPTIONAL_READ_MS = SECOND_MS / 2;
/** A source that did not answer is not read for this long, so that waiting triggers do not take seconds each. */
const PAUSE_MS = 5 * SECOND_MS;

/** A field of the subscriber that a message needs. */
type Address = "email" | "phone";

/** A person as the source has it now; events that arrived after `asOf`, in milliseconds since 1970, may be newer. */
export type ReadNow = (
  run: Pick<Run, "distinctId" | "source" | "occurredAt">,
) => Promise<
  | { outcome: "found"; properties: PersonProperties; asOf: number }
  | { outcome: "not found" }
  | { outcome: "unavailable"; why: string }
>;

export interface PersonReads {
  readNow: ReadNow;
  /** The subscriber of a run from the stored traits; null when there are none, and for a run of PostHog. */
  storedProfile(run: Pick<Run, "source" | "distinctId">): Promise<Profiled | null>;
  /** The subscriber of a run from the person at the source; null when the person is not found or cannot be read. */
  profileAtSource(run: Run): Promise<Profiled | null>;
  subscriberOf(distinctId: string, person: PersonProperties): Subscriber;
}

export type Recipients = ReturnType<typeof createRecipients>;

/** Finds the recipient of each trigger, and waits for an address where the person has none yet. */
export function createRecipients({
  persons: { readNow, storedProfile, profileAtSource, subscriberOf },
  findRecipient,
  subscribers,
  sendingSteps,
  msUntilRead,
  now,
  log,
}: {
  persons: PersonReads;
  /** The recipient of an earlier attempt that Novu may have; null when there is none. */
  findRecipient(trigger: { transactionId: string; refusals: number }): Promise<Recipient | null>;
  subscribers: Pick<Subscribers, "upsert">;
  /** The steps in the present code. */
  sendingSteps(workflow: string): SendingStep[];
  /** The time until an optional read may be made; 0 when it may be made now. */
  msUntilRead(): number;
  now: () => number;
  log: Log;
}) {
  let unavailableUntil = 0;
  let slowUntil = 0;
  return { recipientOf };

  /**
   * The recipient of a trigger. Novu saves a trigger by its key and refuses another body with the same key. So after an
   * attempt without an answer, the next attempt has the same recipient. Throws a RetryLaterError while the run waits
   * for an address of the person. An address in the event does not shorten the wait: after the trigger, Novu would send
   * to that address although the person has another one meanwhile.
   */
  async function recipientOf(
    { run, workflow, to, addressWait }: Start,
    { refusals, isTried }: Pick<JobAttempt, "refusals" | "isTried">,
  ): Promise<Recipient> {
    const before = isTried ? await findRecipient({ transactionId: run.transactionId, refusals }) : null;
    if (before !== null) return before;
    const needs = addressesOf(workflow);
    const asOfEvent = { subscriber: to, occurredAt: addressWait?.since ?? run.occurredAt };
    const { storesPersons } = SOURCES[run.source];
    const person = storesPersons ? await storedPerson(run) : await personNow(run, asOfEvent, needs);
    if (needs.length > 0 && addressWait !== null && !hasAddress(person)) waitForAddress(addressWait);
    const hasEmail = person?.subscriber.email != null;
    if (!storesPersons) return { ...(person ?? asOfEvent), hasEmail };
    if (person !== null) await sendIfAccepted({ ...person, eventUuid: run.eventUuid });
    return { subscriber: to, occurredAt: run.occurredAt, hasEmail };
  }

  function addressesOf(workflow: string): Address[] {
    const fields = sendingSteps(workflow).map(({ channel }) => CHANNELS[channel].addressField);
    return [...new Set(fields.filter((field) => field !== null))];
  }

  /** The person from PostHog. The person from the event when PostHog has no such person or is not read. */
  async function personNow(run: Run, asOfEvent: Profiled, needs: Address[]): Promise<Profiled> {
    const hasAll = hasAddress(asOfEvent) && needs.every((field) => asOfEvent.subscriber[field] != null);
    if (performance.now() < (hasAll ? Math.max(unavailableUntil, slowUntil) : unavailableUntil)) return asOfEvent;
    // The person in the event is recent enough. PostHog allows few reads, and the steps need them.
    if (hasAll && msUntilRead() > 0) return asOfEvent;
    const person = hasAll ? await valueWithin(readNow(run), OPTIONAL_READ_MS) : await readNow(run);
    if (person === null) slowUntil = performance.now() + PAUSE_MS;
    if (person === null) return asOfEvent;
    if (person.outcome === "unavailable") unavailableUntil = performance.now() + PAUSE_MS;
    if (person.outcome !== "found") return asOfEvent;
    const properties = zoned(person.properties, run.timeZone);
    return { subscriber: subscriberOf(run.distinctId, properties), occurredAt: new Date(person.asOf).toISOString() };
  }

  /** The person from the stored traits. When the traits have no address, the person from the source. */
  async function storedPerson(run: Run): Promise<Profiled | null> {
    const here = await storedProfile(run);
    if (hasAddress(here)) return here;
    const there = await profileAtSource(run);
    if (there === null || !hasAddress(there)) return here;
    return here !== null && here.occurredAt > there.occurredAt ? { ...there, occurredAt: here.occurredAt } : there;
  }

  /** Checks again soon at first, and then less and less often. */
  function waitForAddress({ since, forMs }: NonNullable<Start["addressWait"]>): void {
    const waitedMs = now() - Date.parse(since);
    const leftMs = forMs - waitedMs;
    if (leftMs <= 0) return;
    const retryAfterMs = Math.min(Math.max(waitedMs, CHECK_AGAIN_MS), leftMs);
    throw new RetryLaterError("the person has no address yet", { retryAfterMs, answered: false });
  }

  /** Sends a profile. The run continues when Novu refuses the profile. */
  async function sendIfAccepted(profile: Profile): Promise<void> {
    try {
      await subscribers.upsert(profile);
    } catch (error) {
      if (!(error instanceof PermanentError)) throw error;
      log.warn({ component: "outbox", outcome: "profile refused", eventUuid: profile.eventUuid });
    }
  }
}

function hasAddress(person: { subscriber: Subscriber } | null): boolean {
  return person?.subscriber.email != null || person?.subscriber.phone != null;
}
