import type { IncomingMessage, ServerResponse } from "node:http";
import type { Capture } from "../contracts/capture.ts";
import type { Decision } from "../contracts/decision.ts";
import type { PreferenceChange, Undeliverable } from "../contracts/novu-news.ts";
import { isTriggeredHere, sharedRunId } from "../contracts/run.ts";
import { parseJson } from "../lib/json.ts";
import { type WebhookEndpoint, webhookEndpoint } from "../lib/webhook-endpoint.ts";
import { type NovuMessage, readNovuEvent } from "./webhook-event.ts";

/**
 * The door for Novu's outbound webhooks, which tell what became of a message behind Novu. It tries
 * for a day on anything but a 2xx, so what is not about a message of ours is a 202 with the reason.
 */
export function novuWebhook({
  decisionsOf,
  capture,
  onUndeliverable,
  onPreferences,
  onNotSent,
  countEvent,
  now,
  ...door
}: WebhookEndpoint & {
  decisionsOf(transactionIds: string[]): Promise<Decision[]>;
  /** Resolves when it is on disk; answers whether this is the first word of it. */
  capture(capture: Capture): Promise<boolean>;
  /** An email came back for good, or was called spam. The same may be told several times. */
  onUndeliverable(news: Undeliverable): Promise<void>;
  /** The provider did not take a message that counts as sent; answers whether that is new. The report is owed with it. */
  onNotSent(decision: Decision, why: string | undefined): Promise<boolean>;
  /** The same may be told several times. */
  onPreferences(change: PreferenceChange): Promise<void>;
  /** Hears what became of each delivery, in few words. */
  countEvent(outcome: string): void;
  now(): number;
}): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const { log } = door;
  return webhookEndpoint({ ...door, take });

  async function take(body: string): Promise<Record<string, string>> {
    const parsed = parseJson(body);
    if (parsed === undefined) return ignored("not JSON", "the body is not JSON");
    const event = readNovuEvent(parsed);
    if (event.kind === "misfit") return ignored(event.cause, event.reason);
    if (event.kind === "message") return tell(event.message);

    const { change } = event;
    // Absent is not yes: an older word that comes late would undo an opt-out that was said since.
    if (change.at === null && Object.values(change.channels).every(Boolean))
      return ignored("undated", "it turns something on again, and does not say when");
    await onPreferences({ ...change, at: pastOf(change.at) });
    countEvent("preferences");
    return { accepted: "preferences" };
  }

  async function tell(message: NovuMessage): Promise<Record<string, string>> {
    const { status, channel, isHard } = message;
    const decision = await decisionNow(message);
    if (decision === null) return ignored("not ours", "it is about no message of ours");
    if (isOfOneDevice(decision, status))
      return ignored("one device", "another device may have taken it, which Novu is asked about");

    const { transactionId, distinctId, workflow, step, template, variants } = decision;
    const at = pastOf(message.at);
    // First, because a delivery that comes again is captured already.
    if (channel === "email" && (status === "complained" || (status === "bounced" && isHard)))
      await onUndeliverable({ distinctId, cause: status, at });
    const facts = { status, distinctId, workflow, transactionId, step, channel, template, variants, at };
    const properties = status === "bounced" ? { bounce: isHard ? "hard" : "soft" } : {};
    const isFirst = isNotSent(decision, status)
      ? await noteNotSent(message, decision)
      : await capture({ ...facts, properties });
    countEvent(isFirst ? status : "repeated");
    log.info({
      component: "sources",
      answer: 202,
      from: "novu",
      outcome: status,
      workflow,
      step,
      transactionId,
      isFirst,
    });
    return { [isFirst ? "accepted" : "duplicate"]: status };
  }

  /** Once more, where Novu's answer to our own question was noted meanwhile, which changes the decision once. */
  async function noteNotSent(message: NovuMessage, decision: Decision): Promise<boolean> {
    if (await onNotSent(decision, message.why)) return true;
    const holds = await decisionNow(message);
    const isAnother = holds !== null && holds.step === decision.step && holds.receipt !== decision.receipt;
    return isAnother && isNotSent(holds, message.status) && onNotSent(holds, message.why);
  }

  async function decisionNow(message: NovuMessage): Promise<Decision | null> {
    return decisionOn(message, await decisionsFor(message));
  }

  /** Of several people whom one trigger has, the one whom the message went to. */
  async function decisionsFor({ transactionId, subscriberId }: NovuMessage): Promise<Decision[]> {
    if (subscriberId === null) return decisionsOf([transactionId]);
    const shared = sharedRunId({ transactionId, distinctId: subscriberId });
    const decisions = await decisionsOf([transactionId, shared]);
    const own = decisions.filter((decision) => decision.transactionId === shared);
    if (own.length > 0) return own;
    return decisions.filter((decision) => isTriggeredHere(decision) || decision.distinctId === subscriberId);
  }

  function ignored(cause: string, reason: string): Record<string, string> {
    countEvent(cause);
    log.info({ component: "sources", answer: 202, from: "novu", outcome: "ignored", reason });
    return { ignored: reason };
  }

  /** Now, where no time is told or one that is still to come. */
  function pastOf(at: string | null): string {
    const nowText = new Date(now()).toISOString();
    return at === null || at > nowText ? nowText : at;
  }
}

/** A bounce is a later fact: the message went out. */
function isNotSent({ outcome }: Decision, status: NovuMessage["status"]): boolean {
  return status === "failed" && outcome === "sent";
}

/** Of push and chat messages one of several devices may have taken it. */
function isOfOneDevice({ outcome, channel, receipt }: Decision, status: NovuMessage["status"]): boolean {
  if (status !== "failed" || outcome !== "sent" || receipt === "no answer") return false;
  return channel === "push" || channel === "chat";
}

/** Novu says which run and channel a message is of, but not which step: the one that was sent when the message was made. */
function decisionOn({ step, channel, createdAt, at }: NovuMessage, decisions: Decision[]): Decision | null {
  if (step !== null) return decisions.find((decision) => decision.step === step) ?? null;
  const time = createdAt ?? at;
  const made = time === null ? Number.MAX_SAFE_INTEGER : Date.parse(time);
  const sent = decisions
    .filter(
      (decision) => decision.channel === channel && (decision.outcome === "sent" || decision.receipt === "corrected"),
    )
    .map((decision) => ({ decision, apart: Math.abs(made - Date.parse(decision.decidedAt)) }));
  return sent.sort((one, other) => one.apart - other.apart)[0]?.decision ?? null;
}
