import type { IncomingMessage, ServerResponse } from "node:http";
import type { Decision } from "../contracts/decision.ts";
import type { Report } from "../contracts/report.ts";
import { isTriggeredHere, runIdsOf, sharedRunId } from "../contracts/run.ts";
import { parseJson } from "../lib/json.ts";
import { type WebhookEndpoint, webhookEndpoint } from "../lib/webhook-endpoint.ts";
import { type NovuMessage, type PreferenceChange, parseNovuEvent } from "./webhook-event.ts";

/** A person whose email bounced for good, or who marked an email as spam. */
export interface Undeliverable {
  distinctId: string;
  cause: "bounced" | "complained";
  /** ISO 8601 */
  at: string;
  /** The `addressHash` of the message's address; null if the decision has none. */
  addressHash: string | null;
}

/**
 * The endpoint for Novu's outbound webhooks: what happened to a message after Novu sent it. Novu retries for a day on
 * anything but a 2xx, so an event about no message of ours gets 202 with the reason.
 */
export function novuWebhook({
  decisionsOf,
  report,
  onUndeliverable,
  onPreferences,
  onNotSent,
  countEvent,
  now,
  ...endpoint
}: WebhookEndpoint & {
  decisionsOf(transactionIds: string[]): Promise<Decision[]>;
  /** Resolves when the report is on disk: true if this status is new for the message. */
  report(report: Report): Promise<boolean>;
  /** Called when an email bounced for good, or was marked as spam, and again when Novu repeats the event. */
  onUndeliverable(address: Undeliverable): Promise<void>;
  /**
   * Called when the provider refused a message that counts as sent. Its report is in the same transaction. False if not
   * new.
   */
  onNotSent(decision: Decision, why: string | undefined): Promise<boolean>;
  /** Called again when Novu repeats the event. */
  onPreferences(change: PreferenceChange): Promise<void>;
  /** Counts each delivery by its result. */
  countEvent(outcome: string): void;
  now(): number;
}): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const { log } = endpoint;
  return webhookEndpoint({ ...endpoint, component: "novu", handle: ingest });

  async function ingest(body: string): Promise<Record<string, string>> {
    const parsed = parseJson(body);
    if (parsed === undefined) return ignored("not JSON", "the body is not JSON");
    const event = parseNovuEvent(parsed);
    if (event.kind === "misfit") return ignored(event.cause, event.reason);
    if (event.kind === "message") return ingestMessage(event.message);

    const { change } = event;
    // A change without a time may be older than an opt-out, and must not undo the opt-out.
    if (change.at === null && Object.values(change.channels).every(Boolean))
      return ignored("undated", "it turns channels on again, and has no time");
    await onPreferences({ ...change, at: pastOf(change.at) });
    countEvent("preferences");
    return { accepted: "preferences" };
  }

  async function ingestMessage(message: NovuMessage): Promise<Record<string, string>> {
    const { status, channel, isHard } = message;
    const decision = await decisionNow(message);
    if (decision === null) return ignored("not ours", "it is about no message of ours");
    if (isOfOneDevice(decision, status))
      return ignored("one device", "another device may have got it; its receipt is read from Novu");

    const { transactionId, distinctId, workflow, step, template, variants } = decision;
    const at = pastOf(message.at);
    if (channel === "email" && (status === "complained" || (status === "bounced" && isHard)))
      await onUndeliverable({ distinctId, cause: status, at, addressHash: decision.address?.hash ?? null });
    const facts = { status, distinctId, workflow, transactionId, step, channel, template, variants, at };
    const properties = status === "bounced" ? { bounce: isHard ? "hard" : "soft" } : {};
    const isFirst = isNotSent(decision, status)
      ? await recordNotSent(message, decision)
      : await report({ ...facts, properties });
    countEvent(isFirst ? status : "repeated");
    log.info({ component: "novu", answer: 202, from: "novu", outcome: status, workflow, step, transactionId, isFirst });
    return { [isFirst ? "accepted" : "duplicate"]: status };
  }

  /** Tries again if a receipt has changed the decision meanwhile. A receipt changes a decision only once. */
  async function recordNotSent(message: NovuMessage, decision: Decision): Promise<boolean> {
    if (await onNotSent(decision, message.why)) return true;
    const holds = await decisionNow(message);
    const isAnother = holds !== null && holds.step === decision.step && holds.receipt !== decision.receipt;
    return isAnother && isNotSent(holds, message.status) && onNotSent(holds, message.why);
  }

  async function decisionNow(message: NovuMessage): Promise<Decision | null> {
    return decisionOn(message, await decisionsFor(message));
  }

  /** The decisions of the message's run. A trigger of another system may have several persons, with a run each. */
  async function decisionsFor({ transactionId, subscriberId }: NovuMessage): Promise<Decision[]> {
    const ids = runIdsOf(transactionId);
    if (subscriberId === null) return decisionsOf(ids);
    const shared = sharedRunId({ transactionId, distinctId: subscriberId });
    const decisions = await decisionsOf([...ids, shared]);
    const own = decisions.filter((decision) => decision.transactionId === shared);
    if (own.length > 0) return own;
    return decisions.filter((decision) => isTriggeredHere(decision) || decision.distinctId === subscriberId);
  }

  function ignored(cause: string, reason: string): Record<string, string> {
    countEvent(cause);
    log.info({ component: "novu", answer: 202, from: "novu", outcome: "ignored", reason });
    return { ignored: reason };
  }

  /** The time of the event; the present time if the event has no time, or a time in the future. */
  function pastOf(at: string | null): string {
    const nowText = new Date(now()).toISOString();
    return at === null || at > nowText ? nowText : at;
  }
}

/** After a bounce the message still counts as sent. */
function isNotSent({ outcome }: Decision, status: NovuMessage["status"]): boolean {
  return status === "failed" && outcome === "sent";
}

/** A push or chat message may have reached another of several devices. */
function isOfOneDevice({ outcome, channel, receipt }: Decision, status: NovuMessage["status"]): boolean {
  if (status !== "failed" || outcome !== "sent" || receipt === "no answer") return false;
  return channel === "push" || channel === "chat";
}

/** The decision about the event's message. Without a step: the message of the channel sent closest to `createdAt`. */
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
