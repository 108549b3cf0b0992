import type { Chosen } from "../contracts/job.ts";
import { ALL, type OptOuts, workflowTopic } from "../contracts/opt-out.ts";
import type { PersonLookup } from "../contracts/person.ts";
import { optOutKey } from "../contracts/property-types.ts";
import { HOUR_MS } from "../lib/durations.ts";
import { UnavailableError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";

/** For so long PostHog may still show what it was told before somebody changed their mind. */
const LATE_MS = HOUR_MS;

/**
 * Turns a workflow on or off for a subscriber at Novu; null: all workflows without a preference of their own. False
 * when Novu has no such subscriber or workflow.
 */
export type SetPreference = (subscriberId: string, workflow: string | null, isWanted: boolean) => Promise<boolean>;

/** The whole list of what a person does not want, as of `at`, ISO 8601; rejects when PostHog does not have it. */
export type SetOptOuts = (person: { distinctId: string; optOuts: string[]; at: string }) => Promise<void>;

/**
 * Tells Novu and PostHog what a person wants as it is now, and again when it has changed meanwhile: so
 * both end up with what holds, in whatever order the work of several changes is done.
 */
export function createSendPreferences({
  optOutsOf,
  marketing,
  setPreference,
  setOptOuts,
  personNow,
  pace,
  log,
}: {
  optOutsOf(distinctId: string): Promise<OptOuts>;
  /** The workflows that people can turn off. */
  marketing: Array<{ id: string; topic: string }>;
  setPreference: SetPreference;
  setOptOuts: SetOptOuts;
  personNow(distinctId: string): Promise<PersonLookup>;
  /** Resolves when Novu's rate limit has room for one more change of a subscriber. */
  pace(): Promise<void>;
  log: Log;
}) {
  return {
    novu: ({ distinctId, topics }: Chosen): Promise<void> =>
      untilItHolds(distinctId, async (choices) => {
        for (const id of choices.distinctIds) await tellNovu(id, topics, choices);
      }),

    /** What PostHog's person does not want by another's word stays so; only what they now want again is taken off. */
    postHog: ({ distinctId, topics, at }: Chosen): Promise<void> =>
      untilItHolds(distinctId, async ({ off, on }) => {
        const person = await personNow(distinctId);
        if (person.outcome === "unavailable")
          throw new UnavailableError(`PostHog cannot be asked: ${person.why}`, { answered: false });
        // An event would make the person anew.
        if (person.outcome === "not found") return;
        const since = new Date(Date.parse(at) - LATE_MS).toISOString();
        const wanted = new Map(Object.entries(on).map(([topic, lastAt]) => [optOutKey(topic), lastAt]));
        const told = topics.map(optOutKey);
        const isOurs = (key: string) => {
          const lastAt = wanted.get(key);
          return lastAt !== undefined && (told.includes(key) || lastAt >= since);
        };
        const there = person.properties.unsubscribed_from ?? [];
        // A value that cannot be read counts as all, and nobody has said here that they want that again.
        const byOthers = person.unreadable.includes("unsubscribed_from") ? there : there.filter((key) => !isOurs(key));
        const ours = new Set(off.map(optOutKey));
        const unwanted = [...off, ...byOthers.filter((key) => !ours.has(key))].sort();
        await setOptOuts({ distinctId, optOuts: unwanted, at });
      }),
  };

  async function untilItHolds(distinctId: string, tell: (choices: OptOuts) => Promise<void>): Promise<void> {
    let told: OptOuts;
    let choices = await optOutsOf(distinctId);
    do {
      told = choices;
      await tell(told);
      choices = await optOutsOf(distinctId);
    } while (JSON.stringify(choices) !== JSON.stringify(told));
  }

  async function tellNovu(subscriberId: string, topics: string[], { off }: OptOuts): Promise<void> {
    if (topics.includes(ALL)) await call(subscriberId, null, !off.includes(ALL));
    for (const { id, topic } of marketing) {
      const meant = [ALL, topic, workflowTopic(id)];
      if (meant.some((one) => topics.includes(one)))
        await call(subscriberId, id, !meant.some((one) => off.includes(one)));
    }
  }

  async function call(subscriberId: string, workflow: string | null, isWanted: boolean): Promise<void> {
    await pace();
    // Without the subscriber or the workflow there is nothing that Novu could send.
    if (await setPreference(subscriberId, workflow, isWanted)) return;
    log.warn({ component: "opt-outs", outcome: "no preference", workflow });
  }
}
