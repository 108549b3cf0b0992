import { ALL, type OptOutChange, type OptOuts, workflowTopic } from "../contracts/opt-out.ts";

/** A message was not accepted: its mailbox does not exist (`bounced`), or its owner marked it as spam (`complained`). */
export interface Undeliverable {
  distinctId: string;
  cause: "bounced" | "complained";
  /** ISO 8601 */
  at: string;
  /** Null when Novu does not report it. */
  address?: string | null;
}

/** A subscriber changed their preferences in Novu's Inbox. */
export interface InboxPreferences {
  distinctId: string;
  /** Null for all workflows that they may change. */
  workflow: string | null;
  channels: Record<string, boolean>;
  /** ISO 8601 */
  at: string;
}

/** Opt-outs that arrive by Novu's webhook. The same one again changes nothing. */
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
  saveBounce(bounce: { distinctId: string; address: string | null; at: string }): Promise<void>;
  /** The email address that was last sent to Novu; null when none is known. */
  addressAtNovu(distinctId: string): Promise<string | null>;
}) {
  return {
    /** A bounce stops emails to that address, a complaint all marketing. */
    async onUndeliverable({ distinctId, cause, at, address = null }: Undeliverable): Promise<void> {
      if (cause === "bounced")
        return saveBounce({ distinctId, address: address ?? (await addressAtNovu(distinctId)), at });
      await changeOptOuts({ distinctId, off: [ALL], on: [], cause, at, report: null });
    },

    /** Counts only a preference that is the same on all channels; Novu itself applies that of a single channel. */
    async onPreferences({ distinctId, workflow, channels, at }: InboxPreferences): Promise<void> {
      const [isWanted, ...others] = Object.values(channels);
      if (isWanted === undefined || others.some((other) => other !== isWanted)) return;
      const { off } = await optOutsOf(distinctId);
      const topics = topicsOf(workflow);
      const [narrowest] = topics;
      // Our own change of the preference comes back by the webhook, when it is off already.
      if (narrowest === undefined || topics.some((topic) => off.includes(topic)) === !isWanted) return;
      const change = isWanted
        ? { off: [], on: off.includes(narrowest) ? [narrowest] : [] }
        : { off: [narrowest], on: [] };
      await changeOptOuts({ distinctId, ...change, cause: "novu", at, report: null });
    },
  };

  /** The narrowest first; none for a workflow without a topic. */
  function topicsOf(workflow: string | null): string[] {
    if (workflow === null) return [ALL];
    const known = marketing.find(({ id }) => id === workflow);
    return known === undefined ? [] : [workflowTopic(workflow), known.topic, ALL];
  }
}
