import type { Source } from "./event.ts";

/** How far to travel: to the next alarm of a waiting step, an hour, a day, or until nothing waits. */
export const TRAVEL_TARGETS = ["step", "hour", "day", "end"] as const;
export type TravelTarget = (typeof TRAVEL_TARGETS)[number];

/** A message that the local Novu has handed over. */
export interface SandboxMessage {
  id: string;
  transactionId: string;
  workflowId: string;
  stepId: string;
  subscriberId: string;
  /** email, in_app, push, sms or chat. */
  channel: string;
  /** The address it went to; null where the channel has none. */
  to: string | null;
  /** What the step's code made. */
  content: Record<string, unknown>;
  /** What an email has besides; null on other channels. */
  mail?: { headers: Record<string, string>; text: string | null } | null;
  sentAt: number;
  seen: boolean;
  read: boolean;
}

/** Who tells the app of events in the sandbox. */
export type SandboxSource = Exclude<Source, "sweep">;

/** One event on its way from the local PostHog or Segment to the app, with what the app said each time. */
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
  /** Who knows them so. */
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
  /** When a waiting one wakes. */
  wakesAt: number | null;
  /** When it came to an end, or began to wait. */
  changedAt: number | null;
}

/** What a colleague can change of one message in Novu. */
export interface SandboxStepControls {
  step: string;
  /** JSON schema, with a title and a default for each. */
  fields: Record<string, { type?: string | undefined; title?: string | undefined; default?: unknown }>;
  /** What was changed so far. */
  values: Record<string, unknown>;
}

/** What a workflow's payload consists of, as JSON schema. */
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
 * What the sandbox gives the studio, which is then open without a login, on this machine only. Times
 * are milliseconds since 1970. What changes something resolves when all that follows at once has happened.
 */
export interface SandboxControls {
  clock: { now(): number };
  /** When the next waiting step wakes; null when none waits. */
  nextStepAt(): number | null;
  travel(target: TravelTarget): Promise<void>;

  /** The earliest first, as all lists here. */
  messages(): SandboxMessage[];
  /** What an email without a text part of its own says, as made from its HTML. */
  textOf(html: string): string;
  mark(messageId: string, as: "seen" | "read"): Promise<void>;

  /** The events that the local PostHog forwards. */
  events(): string[];
  sampleProperties(event: string): Record<string, unknown>;
  /** As Novu has it published. */
  payloadSchema(workflow: string): SandboxSchema;
  /** What the payload of a workflow needs, by example. */
  samplePayload(workflow: string): Record<string, unknown>;
  /** Answers the event's uuid. An unknown person is made up. */
  fire(event: string, distinctId: string, properties: Record<string, unknown>): Promise<string>;

  deliveries(): SandboxDelivery[];
  /** Signs and sends a body to the app, as the source would, and answers the delivery's id. */
  deliver(body: string, source: SandboxSource): Promise<string>;

  /** Somebody whom both know is there twice. */
  people(): SandboxPerson[];
  /** Changes one property at the source without any event; undefined takes it away. Throws for somebody unknown. */
  setProperty(distinctId: string, name: string, value: unknown, source: SandboxSource): void;

  stepsOfRun(transactionId: string): SandboxStep[];

  controlsOf(workflow: string): SandboxStepControls[];
  setControls(workflow: string, step: string, values: Record<string, unknown>): void;
  /** A message as it would be for somebody now, sent to nobody. Throws when it cannot be made. */
  preview(
    workflow: string,
    step: string,
    distinctId: string,
  ): Promise<{ isSkipped: boolean; channel: string; content: Record<string, unknown> }>;
  /** Starts the workflow at the local Novu by hand, as the test button there does. */
  sendTest(workflow: string, distinctId: string): Promise<void>;

  /** All that was done so far as a story test. */
  exportStory(): Promise<string>;
}
