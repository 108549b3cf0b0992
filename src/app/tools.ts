import type { Config } from "../config.ts";
import type { Decision } from "../contracts/decision.ts";
import { NOVU_PLANS, type NovuPlan } from "../contracts/novu-plan.ts";
import { unheardKey, type Work } from "../contracts/work.ts";
import { createGuards } from "../guards/guards.ts";
import { timeZoneOf, untilWindow } from "../guards/hours.ts";
import type { Log } from "../lib/log.ts";
import { createPersonLookup, createPersonNow } from "../people/person-now.ts";
import { createFlagReader } from "../people/posthog-flags.ts";
import type { ReadPersons } from "../people/posthog-persons.ts";
import { samplePerson } from "../people/sample-person.ts";
import type { Store } from "../store/store.ts";
import type { Tools } from "../workflows/tools.ts";

/** With the time for the person it has to fit into the 5 s of a bridge call. */
const FLAGS_WITHIN_MS = 1_000;
/** Novu asks for a step once more for 7 s at most. */
const HEARD_WITHIN_MS = 10 * 60 * 1000;
/** Until a sample person's own hours. */
const SAMPLE_WAIT_MS = 60 * 60 * 1000;

/** What the workflows are handed when Novu asks for a step. */
export function liveTools({
  config: { marketing, novu, posthog, emailProviders },
  store,
  unsubscribeUrl,
  readPersons,
  note,
  onScheduled,
  onInvalidTimeZone,
  now,
  log,
}: {
  config: Config;
  store: Store;
  unsubscribeUrl: Tools["unsubscribeUrl"];
  readPersons: ReadPersons;
  note(decision: Decision): void;
  /** There is work for later. */
  onScheduled(): void;
  onInvalidTimeZone(): void;
  now: () => number;
  log: Log;
}): Tools {
  return {
    ...limitsOf(novu.plan),
    now,
    emailProviders,
    unsubscribeUrl,
    person: createPersonNow({ lookUp: createPersonLookup({ readPersons, now }), log }),
    leftBy: ({ workflow, distinctId, occurredAt }) => store.exitSince({ workflow, distinctId, since: occurredAt }),
    objectionTo: createGuards({
      cap: marketing.cap,
      choicesOf: (distinctId) => store.choicesOf(distinctId),
      bouncesOf: (distinctId) => store.bouncesOf(distinctId),
      flagsOf: createFlagReader({ posthog, now, deadlineMs: FLAGS_WITHIN_MS }),
      takePlace: (send, cap) => store.takePlace(send, cap),
    }),
    untilHours({ $timezone, $geoip_time_zone }, novuTimeZone) {
      const candidates = [$timezone, $geoip_time_zone, novuTimeZone];
      const timeZone = timeZoneOf(candidates, marketing.timeZone, onInvalidTimeZone);
      return untilWindow({ now: now(), hours: marketing.hours, timeZone });
    },
    putOff: (send) => store.putOff(send),
    async mayEndUnheard({ transactionId, distinctId, workflow }) {
      const work: Work = { kind: "unheard", body: { transactionId, distinctId, workflow } };
      await store.schedule(unheardKey(transactionId), work, now() + HEARD_WITHIN_MS);
      onScheduled();
    },
    record: async (decision) => note(decision),
  };
}

/** What they are handed for a preview: nobody is asked, and nothing is noted. */
export function sampleTools({ config, now }: { config: Config; now: () => number }): Tools {
  return {
    ...limitsOf(config.novu.plan),
    now,
    emailProviders: config.emailProviders,
    unsubscribeUrl: () => `${config.publicUrl ?? "https://app.acme.example"}/u/example`,
    person: async () => samplePerson,
    leftBy: async () => null,
    objectionTo: async () => null,
    untilHours: () => SAMPLE_WAIT_MS,
    putOff: async () => 0,
    mayEndUnheard: async () => {},
    record: async () => {},
  };
}

function limitsOf(plan: NovuPlan): Pick<Tools, "longestDelayMs" | "longestThrottleMs"> {
  const { longestDelayMs, longestThrottleMs } = NOVU_PLANS[plan];
  return { longestDelayMs, longestThrottleMs };
}
