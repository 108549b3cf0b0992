import type { Attempt } from "../signed-webhook.ts";

// What the local PostHog remembers: plain data, so that it can be kept in a file.

export interface PostHogPerson {
  uuid: string;
  distinctIds: string[];
  properties: Record<string, unknown>;
  createdAt: string;
  /** Only `$merge_dangerously` gives such a person's ids to another. Missing when an earlier version saved it, which means no. */
  isIdentified?: boolean;
}

/** A merge that was refused. */
export interface IngestionWarning {
  /** ISO 8601 */
  at: string;
  type: "cannot_merge_already_identified" | "cannot_merge_with_illegal_distinct_id";
  /** The event's own. */
  distinctId: string;
  /** The one that was to be given up. */
  otherDistinctId: string;
}

export interface CapturedEvent {
  uuid: string;
  event: string;
  distinctId: string;
  properties: Record<string, unknown>;
  /** ISO 8601 */
  timestamp: string;
  capturedAt: string;
  /** As of this event; null when PostHog makes no person of it. */
  person?: (Pick<PostHogPerson, "properties"> & { id: string }) | null;
}

/** One event on its way to one destination. */
export interface Delivery {
  /** The webhook id: the same over the retries, another one for a redelivery. */
  id: string;
  /** When it began; missing when an earlier version saved it. */
  at?: number;
  eventUuid: string;
  event: string;
  distinctId: string;
  /** The exact bytes. */
  body: string;
  attempts: Attempt[];
}

/** A feature flag: what it says for everybody, and for some people instead; the last that names a person counts. */
export interface PostHogFlag {
  key: string;
  /** A text is the variant. */
  value: boolean | string;
  people: Array<{ distinctIds: string[]; value: boolean | string }>;
}

export interface PostHogDashboard {
  id: number;
  name: string;
  description: string;
  deleted: boolean;
}

/** A chart, on the dashboards that it is on. */
export interface PostHogInsight extends PostHogDashboard {
  query: object;
  dashboards: number[];
}

/** A destination of the data pipeline, as the API keeps it. */
export interface PostHogHogFunction {
  id: string;
  type: string;
  name: string;
  description: string;
  enabled: boolean;
  deleted: boolean;
  templateId: string | null;
  /** As they are, secrets included; the API answers those masked. */
  inputs: Record<string, { value?: unknown }>;
  /** What of the inputs it knows and which of them are secret, from when it was made. */
  inputsSchema: Array<{ key: string; secret: boolean }>;
  filters: Record<string, unknown>;
  /** What PostHog has made of it: 1 healthy, 2 slowed down, 3 disabled; 11 and 12 the same by PostHog's staff. */
  state: number;
}

export interface PostHogState {
  persons: PostHogPerson[];
  warnings: IngestionWarning[];
  events: CapturedEvent[];
  deliveries: Delivery[];
  flags: PostHogFlag[];
  dashboards: PostHogDashboard[];
  insights: PostHogInsight[];
  hogFunctions: PostHogHogFunction[];
}

export function emptyPostHogState(): PostHogState {
  return {
    ...{ persons: [], warnings: [], events: [], deliveries: [], flags: [] },
    ...{ dashboards: [], insights: [], hogFunctions: [] },
  };
}
