import { ALL, type OptOutChange, type OptOuts, workflowTopic } from "../contracts/opt-out.ts";

/** A mailbox did not take a message: it is not there (`bounced`), or its owner called it spam (`complained`). */
export interface Undeliverable {
  distinctId: string;
  cause: "bounced" | "complained";
  /** ISO 8601 */
  at: string;
  /** Where it was sent; null when that was not said. */
  address?: string | null;
}

/** A subscriber changed what they get, in Novu's Inbox. */
export interface InboxPreferences {
  distinctId: string;
  /** Null for all that they may change. */
  workflow: string | null;
  channels: Record<string, boolean>;
  /** ISO 8601 */
  at: string;
}

/** What people said they do not want elsewhere than by our links. To be told it again changes nothing. */
export function createSaidElsewhere({
  marketing,
  optOutsOf,
  choose,
  noteBounce,
  addressAtNovu,
}: {
  /** The workflows that people can turn off. */
  marketing: Array<{ id: string; topic: string }>;
  optOutsOf(distinctId: string): Promise<OptOuts>;
  choose(choice: OptOutChange): Promise<unknown>;
  noteBounce(bounce: { distinctId: string; address: string | null; at: string }): Promise<void>;
  /** The email address that Novu was last told; null when none is known. */
  addressAtNovu(distinctId: string): Promise<string | null>;
}) {
  return {
    /** A bounce stops emails to that address, a complaint all marketing. */
    async onUndeliverable({ distinctId, cause, at, address = null }: Undeliverable): Promise<void> {
      if (cause === "bounced")
        return noteBounce({ distinctId, address: address ?? (await addressAtNovu(distinctId)), at });
      await choose({ distinctId, off: [ALL], on: [], cause, at, capture: null });
    },

    /** One channel alone is Novu's to honour; here counts what is off, or on, on all of them. */
    async onPreferences({ distinctId, workflow, channels, at }: InboxPreferences): Promise<void> {
      const [isWanted, ...others] = Object.values(channels);
      if (isWanted === undefined || others.some((other) => other !== isWanted)) return;
      const { off } = await optOutsOf(distinctId);
      const meant = meantBy(workflow);
      const [one] = meant;
      // What is off already is our own word, come back.
      if (one === undefined || meant.some((topic) => off.includes(topic)) === !isWanted) return;
      const change = isWanted ? { off: [], on: off.includes(one) ? [one] : [] } : { off: [one], on: [] };
      await choose({ distinctId, ...change, cause: "novu", at, capture: null });
    },
  };

  /** The narrowest first; nothing of a workflow that nobody can turn off. */
  function meantBy(workflow: string | null): string[] {
    if (workflow === null) return [ALL];
    const known = marketing.find(({ id }) => id === workflow);
    return known === undefined ? [] : [workflowTopic(workflow), known.topic, ALL];
  }
}
