import type { Attempt } from "../signed-webhook.ts";

// What the local PostHog remembers: plain data, so that it can be kept in a file.

export interface PostHogPerson {
  uuid: string;
  distinctIds: string[];
  properties: Record<string, unknown>;
  createdAt: string;
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

export interface PostHogState {
  persons: PostHogPerson[];
  events: CapturedEvent[];
  deliveries: Delivery[];
  flags: PostHogFlag[];
  dashboards: PostHogDashboard[];
  insights: PostHogInsight[];
}

export function emptyPostHogState(): PostHogState {
  return { persons: [], events: [], deliveries: [], flags: [], dashboards: [], insights: [] };
}
