import { CHANNELS } from "../contracts/channel.ts";
import { type FlagAnswer, holdsOut, type Objection } from "../contracts/decision.ts";
import type { Text } from "../contracts/locale.ts";
import { ALL, addressHash, type Bounce, type OptOuts, workflowTopic } from "../contracts/opt-out.ts";
import { optOutKey } from "../contracts/property-types.ts";
import type { Cap, ChannelAtNovu, GuardResult, Send } from "../contracts/send.ts";
import { DAY_MS } from "../lib/durations.ts";

/** Returns the objection to a message, or null. Adds the holdout flags that the guard reads to `holdouts`. */
type Guard = (send: Send, holdouts: GuardResult["holdouts"]) => Promise<Objection | null>;

/**
 * The last checks before a message is sent, after the workflow's own conditions, in this order: opted out, unreachable,
 * held out, over the cap. A message without a topic, such as a receipt, is not checked for opt-outs and the cap.
 */
export function createGuards({
  topics,
  cap,
  holdout: productHoldout,
  optOutsOf,
  bouncesOf,
  flagsOf,
  reserveSend,
  countSends,
  usesNovuAddresses = false,
}: {
  /** The title of each topic. `unsubscribed_from` at PostHog may have the title in place of the topic's key. */
  topics: Record<string, Text>;
  cap: Cap;
  /** The flag of the people who get no marketing at all. */
  holdout?: string | undefined;
  /** The opt-outs in our store: by a link, in Novu's Inbox, or by marking as spam. PostHog's person may have more. */
  optOutsOf(distinctId: string): Promise<Pick<OptOuts, "off">>;
  bouncesOf(distinctId: string): Promise<Bounce[]>;
  flagsOf(distinctId: string, keys: string[]): Promise<FlagAnswer>;
  /** Whether the cap has room for this message; once true, it stays true for this message. */
  reserveSend(send: Pick<Send, "transactionId" | "step" | "distinctId">, cap: Cap): Promise<boolean>;
  /** The number of messages of this person that count under the cap. */
  countSends(distinctId: string, cap: Cap): Promise<number>;
  /** Whether a person without an address at the source is reached at the address that Novu has. */
  usesNovuAddresses?: boolean;
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
    const keys = new Set([topic, ALL, workflowTopic(workflow), ...titlesOf(topic)].map(optOutKey));
    const optOut = off.find((one) => keys.has(optOutKey(one)));
    if (optOut !== undefined) return { reason: "opted out", detail: optOut };
    if (unreadable.includes("unsubscribed_from"))
      return { reason: "opted out", detail: "all: unsubscribed_from cannot be read" };
    const detail = person.unsubscribed_from?.find((one) => [...keys].some((key) => mentions(one, key)));
    return detail === undefined ? null : { reason: "opted out", detail };
  }

  function titlesOf(topic: string): string[] {
    const title = topics[topic] ?? [];
    return typeof title === "string" ? [title] : Object.values(title);
  }

  async function unreachable(send: Send): Promise<Objection | null> {
    if (send.recipient?.via === "none") return { reason: "address changed", detail: null };
    const detail = missingAddress(send, usesNovuAddresses) ?? ((await isBounced(send)) ? "the address bounces" : null);
    return detail === null ? null : { reason: "unreachable", detail };
  }

  /** Whether the recipient's present address has bounced. A bounce of an older address does not count. */
  async function isBounced({ channel, distinctId, recipient }: Send): Promise<boolean> {
    if (channel !== "email" || recipient === null) return false;
    const hash = addressHash(recipient.address);
    const bounces = await bouncesOf(distinctId);
    return bounces.some((bounce) => bounce.addressHash === null || bounce.addressHash === hash);
  }

  async function heldOut(
    { topic, holdout, distinctId }: Send,
    holdouts: GuardResult["holdouts"],
  ): Promise<Objection | null> {
    const flags = [topic === null ? undefined : productHoldout, holdout ?? undefined].filter(
      (flag) => flag !== undefined,
    );
    if (flags.length === 0) return null;
    const answer = await flagsOf(distinctId, flags);
    // Without an answer the message is sent: a lost message is worse than a slightly wrong measurement.
    if (answer.outcome === "unavailable") return null;
    Object.assign(holdouts, answer.values);
    const detail = flags.find((flag) => holdsOut(answer.values[flag]));
    return detail === undefined ? null : { reason: "held out", detail };
  }

  /** In-app messages do not count for the cap, because they do not interrupt. */
  async function overTheCap(send: Send): Promise<Objection | null> {
    const { transactionId, step, distinctId, topic, channel, isTrial } = send;
    if (topic === null || !CHANNELS[channel].interrupts) return null;
    const hasRoom = isTrial
      ? (await countSends(distinctId, cap)) < cap.most
      : await reserveSend({ transactionId, step, distinctId }, cap);
    if (hasRoom) return null;
    return { reason: "over the cap", detail: `${cap.most} in ${cap.withinMs / DAY_MS} days` };
  }
}

/** Whether an entry is this topic, or contains it, such as "offers and reminders". */
function mentions(entry: string, key: string): boolean {
  return `_${entry}_`.includes(`_${key}_`);
}

function hasToken({ credentials }: ChannelAtNovu): boolean {
  return credentials?.deviceTokens?.some((token) => token !== "") ?? false;
}

function hasWebhook({ credentials }: ChannelAtNovu): boolean {
  return Boolean(credentials?.webhookUrl);
}

/**
 * The address that the person or Novu lacks. Checked here, because Novu reports nothing if it has no address. Novu names
 * the devices and chats of a subscriber in each call. Where it does not, the source's property counts; a property that
 * is false or cannot be read always does.
 */
function missingAddress(
  { channel, person, unreadable, addresses, recipient }: Send,
  usesNovuAddresses: boolean,
): string | null {
  const isOff = (property: "push_enabled" | "chat_connected") =>
    person[property] === false || unreadable.includes(property);
  switch (channel) {
    case "email":
      if (unreadable.includes("email")) return "the email address cannot be used";
      if (recipient?.via === "event" || recipient?.via === "provider") return null;
      if (person.email === undefined && !usesNovuAddresses) return "no email address";
      return addresses.email ? null : "Novu has no email address";
    case "sms":
      if (unreadable.includes("phone")) return "the phone number cannot be read";
      if (person.phone === undefined && !usesNovuAddresses) return "no phone number";
      return addresses.phone ? null : "Novu has no phone number";
    case "push":
      if (isOff("push_enabled")) return "no device takes push messages";
      if (addresses.channels !== undefined) return addresses.channels.some(hasToken) ? null : "Novu has no push token";
      return person.push_enabled === true ? null : "no device takes push messages";
    case "chat":
      if (isOff("chat_connected")) return "no chat is connected";
      if (addresses.channels?.some(hasWebhook)) return null;
      // Some chat providers use the phone number as the address.
      if (person.chat_connected === true && (addresses.phone || addresses.channels === undefined)) return null;
      return addresses.channels === undefined || addresses.phone ? "no chat is connected" : "Novu has no chat webhook";
    case "in_app":
    case "tool":
      return null;
  }
}
