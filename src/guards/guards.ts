import type { Cap } from "../contracts/cap.ts";
import type { Objection } from "../contracts/decision.ts";
import { type FlagAnswer, type FlagValue, holdsOut } from "../contracts/flag.ts";
import { ALL, type Bounce, type OptOuts, workflowTopic } from "../contracts/opt-out.ts";
import { optOutKey } from "../contracts/property-types.ts";
import type { ChannelAtNovu, GuardResult, Send } from "../contracts/send.ts";
import { addressHash } from "../lib/address-hash.ts";
import { DAY_MS } from "../lib/durations.ts";

/** `holdouts` takes up what the flags of those say. */
type Guard = (send: Send, holdouts: Record<string, FlagValue>) => Promise<Objection | null> | Objection | null;

/**
 * Whether a message may go to its person now, asked after all that the workflow itself has to say:
 * not when they have opted out, cannot be reached, are held out or have had enough, in this order.
 * What people cannot turn off, such as a receipt, has no topic and is not capped.
 */
export function createGuards({
  topics,
  cap,
  holdout: everywhere,
  optOutsOf,
  bouncesOf,
  flagsOf,
  reserveSend,
}: {
  /** The words by which people know each topic, which a colleague may have written down instead of its key. */
  topics: Record<string, string>;
  cap: Cap;
  /** The flag of the people who get no marketing at all. */
  holdout?: string | undefined;
  /** What the person told us by a link, in Novu's Inbox or as a complaint; PostHog's person may say the same, or more. */
  optOutsOf(distinctId: string): Promise<Pick<OptOuts, "off">>;
  bouncesOf(distinctId: string): Promise<Bounce[]>;
  flagsOf(distinctId: string, keys: string[]): Promise<FlagAnswer>;
  /** Whether the person has a place left under the cap for this message; once taken it stays this message's. */
  reserveSend(send: Pick<Send, "transactionId" | "step" | "distinctId">, cap: Cap): Promise<boolean>;
}): (send: Send) => Promise<GuardResult> {
  const guards: Guard[] = [optedOut, unreachable, heldOut, overTheCap];

  return async (send) => {
    const holdouts: GuardResult["holdouts"] = {};
    for (const guard of guards) {
      const objection = await guard(send, holdouts);
      if (objection !== null) return { objection, holdouts };
    }
    return { objection: null, holdouts };
  };

  async function optedOut({ topic, workflow, distinctId, person, unreadable }: Send): Promise<Objection | null> {
    if (topic === null) return null;
    const { off } = await optOutsOf(distinctId);
    const meant = new Set([topic, ALL, workflowTopic(workflow), topics[topic] ?? topic].map(optOutKey));
    const said = off.find((one) => meant.has(optOutKey(one)));
    if (said !== undefined) return { reason: "opted out", detail: said };
    if (unreadable.includes("unsubscribed_from"))
      return { reason: "opted out", detail: "all: unsubscribed_from cannot be read" };
    const detail = person.unsubscribed_from?.find((one) => [...meant].some((key) => mentions(one, key)));
    return detail === undefined ? null : { reason: "opted out", detail };
  }

  async function unreachable(send: Send): Promise<Objection | null> {
    if (send.recipient === "changed") return { reason: "address changed", detail: null };
    const detail = missingAddress(send) ?? ((await isBounced(send)) ? "the address bounces" : null);
    return detail === null ? null : { reason: "unreachable", detail };
  }

  /** Another address than the one that bounced is tried. */
  async function isBounced({ channel, distinctId, recipient }: Send): Promise<boolean> {
    if (channel !== "email" || recipient === null || recipient === "changed") return false;
    const hash = addressHash(recipient.address);
    const bounces = await bouncesOf(distinctId);
    return bounces.some((bounce) => bounce.addressHash === null || bounce.addressHash === hash);
  }

  async function heldOut(
    { topic, holdout, distinctId }: Send,
    holdouts: GuardResult["holdouts"],
  ): Promise<Objection | null> {
    const flags = [topic === null ? undefined : everywhere, holdout ?? undefined].filter((flag) => flag !== undefined);
    if (flags.length === 0) return null;
    const answer = await flagsOf(distinctId, flags);
    // Who cannot be told apart is treated like everybody: that blurs the measure a little, and loses no message.
    if (answer.outcome === "unavailable") return null;
    Object.assign(holdouts, answer.values);
    const detail = flags.find((flag) => holdsOut(answer.values[flag]));
    return detail === undefined ? null : { reason: "held out", detail };
  }

  /** A note in the app interrupts nobody: it is not counted, and always fits. */
  async function overTheCap({ transactionId, step, distinctId, topic, channel }: Send): Promise<Objection | null> {
    if (topic === null || channel === "in_app") return null;
    if (await reserveSend({ transactionId, step, distinctId }, cap)) return null;
    return { reason: "over the cap", detail: `${cap.most} in ${cap.withinMs / DAY_MS} days` };
  }
}

/** Whether an entry is this topic, or has it among its words, such as "offers and reminders". */
function mentions(entry: string, key: string): boolean {
  return `_${entry}_`.includes(`_${key}_`);
}

function hasToken({ credentials }: ChannelAtNovu): boolean {
  return credentials?.deviceTokens?.some((token) => token !== "") ?? false;
}

function hasWebhook({ credentials }: ChannelAtNovu): boolean {
  return Boolean(credentials?.webhookUrl);
}

/** Novu sends to the address that it has, and says nothing when it has none. */
function missingAddress({ channel, person, unreadable, addresses }: Send): string | null {
  switch (channel) {
    case "email":
      if (unreadable.includes("email")) return "the email address cannot be used";
      if (person.email === undefined) return "no email address";
      return addresses.email ? null : "Novu has no email address";
    case "sms":
      if (unreadable.includes("phone")) return "the phone number cannot be read";
      if (person.phone === undefined) return "no phone number";
      return addresses.phone ? null : "Novu has no phone number";
    case "push":
      if (person.push_enabled !== true) return "no device takes push messages";
      return addresses.channels?.some(hasToken) === false ? "Novu has no push token" : null;
    case "chat":
      if (person.chat_connected !== true) return "no chat is connected";
      // Some chat providers go by the phone number.
      return addresses.channels?.some(hasWebhook) === false && !addresses.phone ? "Novu has no chat webhook" : null;
    case "in_app":
      return null;
  }
}
