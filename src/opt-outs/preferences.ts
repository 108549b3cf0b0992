import type { ChangedTopics } from "../contracts/job.ts";
import { ALL, addressHash, type OptOutChange, type OptOuts, workflowTopic } from "../contracts/opt-out.ts";
import type { PersonLookup } from "../contracts/person.ts";
import { optOutKey } from "../contracts/property-types.ts";
import { HOUR_MS } from "../lib/durations.ts";
import { UnavailableError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";

/** A person whose mailbox does not exist (`bounced`), or who marked an email as spam (`complained`). */
export interface Undeliverable {
  distinctId: string;
  cause: "bounced" | "complained";
  /** ISO 8601 */
  at: string;
  /** The `addressHash` of the message's address; null if it is not known. */
  addressHash?: string | null;
}

/** A subscriber changed their preferences in Novu's Inbox. */
export interface InboxPreferences {
  distinctId: string;
  /** Null for all workflows that the subscriber may change. */
  workflow: string | null;
  channels: Record<string, boolean>;
  /** ISO 8601 */
  at: string;
}

/** Opt-outs that arrive by Novu's webhook. A repeated webhook changes nothing. */
export function createOptOutsFromNovu({
  marketing,
  optOutsOf,
  changeOptOuts,
  saveBounce,
  addressAtNovu,
}: {
  /** The workflows with a topic, which people can opt out of. */
  marketing: Array<{ id: string; topic: string }>;
  optOutsOf(distinctId: string): Promise<OptOuts>;
  changeOptOuts(change: OptOutChange): Promise<unknown>;
  saveBounce(bounce: { distinctId: string; addressHash: string | null; at: string }): Promise<void>;
  /** The email address that was last sent to Novu; null when none is known. */
  addressAtNovu(distinctId: string): Promise<string | null>;
}) {
  return {
    /** A bounce stops emails to the address. Marking an email as spam stops all marketing. */
    async onUndeliverable({ distinctId, cause, at, addressHash: sentTo = null }: Undeliverable): Promise<void> {
      if (cause === "bounced")
        return saveBounce({ distinctId, addressHash: sentTo ?? (await hashAtNovu(distinctId)), at });
      await changeOptOuts({ distinctId, off: [ALL], on: [], cause, at, report: null });
    },

    /** Stores only a preference that is the same on all channels. Novu applies preferences for single channels. */
    async onPreferences({ distinctId, workflow, channels, at }: InboxPreferences): Promise<void> {
      const [isWanted, ...others] = Object.values(channels);
      if (isWanted === undefined || others.some((other) => other !== isWanted)) return;
      const { off } = await optOutsOf(distinctId);
      const topics = topicsOf(workflow);
      const [narrowest] = topics;
      // Novu sends a webhook for our own changes of a preference too, and the store has these already.
      if (narrowest === undefined || topics.some((topic) => off.includes(topic)) === !isWanted) return;
      const change = isWanted
        ? { off: [], on: off.includes(narrowest) ? [narrowest] : [] }
        : { off: [narrowest], on: [] };
      await changeOptOuts({ distinctId, ...change, cause: "novu", at, report: null });
    },
  };

  async function hashAtNovu(distinctId: string): Promise<string | null> {
    const address = await addressAtNovu(distinctId);
    return address === null ? null : addressHash(address);
  }

  /** The opt-outs that cover a workflow, the narrowest first; empty for a workflow without a topic. */
  function topicsOf(workflow: string | null): string[] {
    if (workflow === null) return [ALL];
    const known = marketing.find(({ id }) => id === workflow);
    return known === undefined ? [] : [workflowTopic(workflow), known.topic, ALL];
  }
}

/** How long PostHog may still return a person without our latest change. */
const LATE_MS = HOUR_MS;

/**
 * Turns a workflow on or off for a subscriber at Novu. `workflow` is null for all workflows for which the subscriber
 * has no separate preference. False if Novu has no such subscriber or workflow.
 */
export type SetPreference = (subscriberId: string, workflow: string | null, isWanted: boolean) => Promise<boolean>;

/** Replaces all opt-outs on PostHog's person, as of `at`, ISO 8601; rejects if PostHog does not accept the change. */
export type SetOptOuts = (person: { distinctId: string; optOuts: string[]; at: string }) => Promise<void>;

/**
 * Sends Novu and PostHog the opt-outs that a person has now, and again if the opt-outs change meanwhile. So Novu and
 * PostHog have the current opt-outs at the end, in any order of the jobs.
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

    /** Keeps opt-outs that others have set at PostHog. Removes only opt-outs that the person took back here. */
    toPostHog: ({ distinctId, topics, at }: ChangedTopics): Promise<void> =>
      untilUnchanged(distinctId, async ({ off, on }) => {
        const person = await personNow(distinctId);
        if (person.outcome === "unavailable")
          throw new UnavailableError(`PostHog did not return the person: ${person.why}`, { answered: false });
        // The event that sets the opt-outs would create a deleted person again.
        if (person.outcome === "not found") return;
        const since = new Date(Date.parse(at) - LATE_MS).toISOString();
        const takenBack = new Map(Object.entries(on).map(([topic, lastAt]) => [optOutKey(topic), lastAt]));
        const changed = topics.map(optOutKey);
        const isTakenBack = (key: string) => {
          const lastAt = takenBack.get(key);
          return lastAt !== undefined && (changed.includes(key) || lastAt >= since);
        };
        const there = person.properties.unsubscribed_from ?? [];
        // An unreadable value counts as an opt-out from everything. Others have set it, so it stays.
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
    // If Novu has no such subscriber or workflow, Novu sends nothing that could be turned off.
    if (await setPreference(subscriberId, workflow, isWanted)) return;
    log.warn({ component: "opt-outs", outcome: "no preference", workflow });
  }
}
