import type { ChangedTopics } from "../contracts/job.ts";
import { ALL, type OptOuts, workflowTopic } from "../contracts/opt-out.ts";
import type { PersonLookup } from "../contracts/person.ts";
import { optOutKey } from "../contracts/property-types.ts";
import { HOUR_MS } from "../lib/durations.ts";
import { UnavailableError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";

/** How long PostHog may still return a person from before an earlier report. */
const LATE_MS = HOUR_MS;

/**
 * Turns a workflow on or off for a subscriber at Novu; null: all workflows without a preference of their own. False
 * when Novu has no such subscriber or workflow.
 */
export type SetPreference = (subscriberId: string, workflow: string | null, isWanted: boolean) => Promise<boolean>;

/** Replaces all opt-outs of a person as of `at`, ISO 8601; rejects when PostHog does not accept it. */
export type SetOptOuts = (person: { distinctId: string; optOuts: string[]; at: string }) => Promise<void>;

/**
 * Sends Novu and PostHog the opt-outs that a person has now, and again if they change meanwhile. So both end up with the
 * current ones, in any order that the jobs of several changes run.
 */
export function createSendOptOuts({
  optOutsOf,
  marketing,
  setPreference,
  setOptOuts,
  personNow,
  pace,
  log,
}: {
  optOutsOf(distinctId: string): Promise<OptOuts>;
  /** The workflows with a topic, which people can opt out of. */
  marketing: Array<{ id: string; topic: string }>;
  setPreference: SetPreference;
  setOptOuts: SetOptOuts;
  personNow(distinctId: string): Promise<PersonLookup>;
  /** Resolves when Novu's rate limit has room for one more change of a subscriber. */
  pace(): Promise<void>;
  log: Log;
}) {
  return {
    toNovu: ({ distinctId, topics }: ChangedTopics): Promise<void> =>
      untilUnchanged(distinctId, async (optOuts) => {
        for (const id of optOuts.distinctIds) await sendPreferences(id, topics, optOuts);
      }),

    /** Opt-outs that others have set at PostHog stay; removes only those that the person took back here. */
    toPostHog: ({ distinctId, topics, at }: ChangedTopics): Promise<void> =>
      untilUnchanged(distinctId, async ({ off, on }) => {
        const person = await personNow(distinctId);
        if (person.outcome === "unavailable")
          throw new UnavailableError(`PostHog cannot be asked: ${person.why}`, { answered: false });
        // An event would create the person again.
        if (person.outcome === "not found") return;
        const since = new Date(Date.parse(at) - LATE_MS).toISOString();
        const takenBack = new Map(Object.entries(on).map(([topic, lastAt]) => [optOutKey(topic), lastAt]));
        const changed = topics.map(optOutKey);
        const isTakenBack = (key: string) => {
          const lastAt = takenBack.get(key);
          return lastAt !== undefined && (changed.includes(key) || lastAt >= since);
        };
        const there = person.properties.unsubscribed_from ?? [];
        // A value that cannot be read counts as an opt-out from everything, which was not set here.
        const isUnreadable = person.unreadable.includes("unsubscribed_from");
        const byOthers = isUnreadable ? there : there.filter((key) => !isTakenBack(key));
        const ours = new Set(off.map(optOutKey));
        const optOuts = [...off, ...byOthers.filter((key) => !ours.has(key))].sort();
        await setOptOuts({ distinctId, optOuts, at });
      }),
  };

  async function untilUnchanged(distinctId: string, send: (optOuts: OptOuts) => Promise<void>): Promise<void> {
    let sent: OptOuts;
    let optOuts = await optOutsOf(distinctId);
    do {
      sent = optOuts;
      await send(sent);
      optOuts = await optOutsOf(distinctId);
    } while (JSON.stringify(optOuts) !== JSON.stringify(sent));
  }

  async function sendPreferences(subscriberId: string, topics: string[], { off }: OptOuts): Promise<void> {
    if (topics.includes(ALL)) await call(subscriberId, null, !off.includes(ALL));
    for (const { id, topic } of marketing) {
      const covering = [ALL, topic, workflowTopic(id)];
      if (covering.some((one) => topics.includes(one)))
        await call(subscriberId, id, !covering.some((one) => off.includes(one)));
    }
  }

  async function call(subscriberId: string, workflow: string | null, isWanted: boolean): Promise<void> {
    await pace();
    // Without the subscriber or the workflow there is nothing that Novu could send.
    if (await setPreference(subscriberId, workflow, isWanted)) return;
    log.warn({ component: "opt-outs", outcome: "no preference", workflow });
  }
}
