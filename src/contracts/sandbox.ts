import type { Trials } from "./call.ts";
import type { Objection } from "./decision.ts";

/** How far the clock moves: to the next waiting step, by an hour, by a day, or until no step waits. */
export const TRAVEL_TARGETS = ["step", "hour", "day", "end"] as const;
export type TravelTarget = (typeof TRAVEL_TARGETS)[number];

/** A message that the local Novu sent. */
export interface SandboxMessage {
  id: string;
  transactionId: string;
  workflowId: string;
  stepId: string;
  subscriberId: string;
  /** email, in_app, push, sms, chat or tool. */
  channel: string;
  /** The address; null if the channel has none. */
  to: string | null;
  /** The output of the step. */
  content: Record<string, unknown>;
  /** The headers, the text part and the names of the files of an email; null on other channels. */
  mail?: { headers: Record<string, string>; text: string | null; attachments: string[] } | null;
  /** The step's additions to the request to each provider, by the provider's id; absent if none, and for emails. */
  providers?: Record<string, unknown>;
  sentAt: number;
  seen: boolean;
  read: boolean;
  /** ISO 8601; null or absent for a message that is not archived. */
  archivedAt?: string | null;
}

/** The local services that send events. */
export type SandboxSource = "posthog" | "segment";

/** One webhook of the local PostHog or Segment, with each answer of the app. */
export interface SandboxDelivery {
  source: SandboxSource;
  /** The webhook id. */
  id: string;
  eventUuid: string;
  event: string;
  distinctId: string;
  body: string;
  attempts: Array<{ at: number; status: number | null; answer: string; ms: number }>;
}

export interface SandboxPerson {
  source: SandboxSource;
  uuid: string;
  distinctIds: string[];
  properties: Record<string, unknown>;
  /** ISO 8601 */
  createdAt: string;
}

/** One step of a run as the local Novu has it. */
export interface SandboxStep {
  id: string;
  stepId: string;
  type: string;
  status: string;
  error: string | null;
  /** When a waiting step continues. */
  wakesAt: number | null;
  /** When the step ended, or started to wait. */
  changedAt: number | null;
}

/** The controls of one message in Novu. */
export interface SandboxStepControls {
  step: string;
  /** The JSON schema of each control, with a title and a default. */
  fields: Record<string, { type?: string | undefined; title?: string | undefined; default?: unknown }>;
  /** The values that differ from the defaults. */
  values: Record<string, unknown>;
}

/** A message to show without sending it. */
export interface PreviewedMessage {
  workflow: string;
  step: string;
  distinctId: string;
  /** The person's by default. */
  locale?: string | undefined;
  /** The transaction id of the run with the payload; by default the newest run of the person, or else of anyone. */
  run?: string | undefined;
}

/** A message for a person as it would be now. */
export interface SandboxPreview {
  channel: string;
  /** Null if the message cannot be composed. */
  content: Record<string, unknown> | null;
  /** Why the message would not be sent now; null if it would be. */
  objection: Objection | null;
  /** The error that keeps the message from being composed, with the file and the line; null if there is none. */
  problem: string | null;
}

/** The payload of a workflow, as JSON schema. */
export interface SandboxSchema {
  properties?: Record<string, SandboxProperty> | undefined;
  required?: string[] | undefined;
}

interface SandboxProperty {
  type?: string | undefined;
  enum?: unknown[] | undefined;
  anyOf?: Array<{ type?: string; enum?: unknown[] }> | undefined;
}

/**
 * The controls of the sandbox in the studio. In the sandbox the studio has no login and answers this machine only.
 * Times are milliseconds since 1970. A change resolves when all its immediate effects have happened. Lists have the
 * oldest first.
 */
export interface SandboxControls {
  clock: { now(): number };
  /** When the next waiting step, or the next part of a run, continues; null if none waits. */
  nextStepAt(): Promise<number | null>;
  travel(target: TravelTarget): Promise<void>;

  messages(): SandboxMessage[];
  /** The text part that is made from the HTML of an email. */
  textOf(html: string): string;
  mark(messageId: string, as: "seen" | "read"): Promise<void>;
  /** The page with Novu's own Inbox component. */
  inboxUrl(distinctId: string): string;

  /** The events that the local PostHog forwards. */
  events(): string[];
  sampleProperties(event: string): Record<string, unknown>;
  /** The schema of the payload that Novu has. */
  payloadSchema(workflow: string): SandboxSchema;
  /** Example values of the required payload. */
  samplePayload(workflow: string): Record<string, unknown>;
  /** Resolves to the uuid of the event. An unknown person is created. */
  fire(event: string, distinctId: string, properties: Record<string, unknown>): Promise<string>;

  deliveries(): SandboxDelivery[];
  /** Signs a body and sends it to the app, as the source does. Resolves to the id of the delivery. */
  deliver(body: string, source: SandboxSource): Promise<string>;

  /** A person who is at both sources is listed twice. */
  people(): SandboxPerson[];
  /** Changes one property at the source without an event; undefined removes it. Throws if the person is unknown. */
  setProperty(distinctId: string, name: string, value: unknown, source: SandboxSource): void;

  /** The providers of push and chat at Novu by which this person is reached. */
  channelsOf(distinctId: string): string[];
  /** Gives this person a device or a chat at a provider, such as "fcm" or "slack", or takes it away. */
  setChannel(distinctId: string, provider: string, isConnected: boolean): void;

  /** The cohorts at PostHog, and whether this person is in each; empty if PostHog does not have the person. */
  cohortsOf(distinctId: string): Array<{ id: number; isMember: boolean }>;
  /** Puts this person into a cohort at PostHog, or takes the person out. The daily sweep finds it. */
  setMember(distinctId: string, cohort: number, isMember: boolean): void;

  /** Each step once, in the part of the run in which it was not left out. */
  stepsOfRun(transactionId: string): SandboxStep[];

  controlsOf(workflow: string): SandboxStepControls[];
  setControls(workflow: string, step: string, values: Record<string, unknown>): void;
  /** The locales of the messages. */
  locales: string[];
  /** The bridge calls for previews. */
  trials: Trials;
  /** The error of the fork's code in a step of a run since the sandbox started, with the file and the line, or null. */
  errorOf(transactionId: string, step: string): string | null;
  preview(message: PreviewedMessage): Promise<SandboxPreview>;
  /** Starts the workflow at the local Novu, as the test button of Novu does. */
  sendTest(workflow: string, distinctId: string): Promise<void>;

  /** Everything that was done so far, as a story test. */
  exportStory(): Promise<string>;
}
