import type { SourceDelivery } from "../signed-webhook.ts";

// The data of the local PostHog, which `npm run dev` saves as JSON.

export interface PostHogPerson {
  uuid: string;
  distinctIds: string[];
  properties: Record<string, unknown>;
  createdAt: string;
  /** Only `$merge_dangerously` merges an identified person into another one. */
  isIdentified?: boolean;
}

/** A refused merge. */
export interface IngestionWarning {
  /** ISO 8601 */
  at: string;
  type: "cannot_merge_already_identified" | "cannot_merge_with_illegal_distinct_id";
  distinctId: string;
  /** The id that PostHog did not merge. */
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
  /** The person as of this event; null without a person profile. */
  person?: (Pick<PostHogPerson, "properties"> & { id: string }) | null;
}

/** A feature flag: its value, and the exceptions for some people; the last exception of a person counts. */
export interface PostHogFlag {
  key: string;
  /** A text is the variant. */
  value: boolean | string;
  people: Array<{ distinctIds: string[]; value: boolean | string }>;
}

export interface PostHogCohort {
  id: number;
  /** A distinct id of each person in it. A merged person stays in it, as after PostHog's next calculation. */
  members: string[];
  isDeleted: boolean;
  isStatic: boolean;
  isCalculating: boolean;
  /** ISO 8601; null before the first calculation. */
  calculatedAt: string | null;
}

export interface PostHogDashboard {
  id: number;
  name: string;
  description: string;
  deleted: boolean;
}

/** A chart on dashboards. */
export interface PostHogInsight extends PostHogDashboard {
  query: object;
  dashboards: number[];
}

/** A destination of the data pipeline. */
export interface PostHogHogFunction {
  id: string;
  type: string;
  name: string;
  description: string;
  enabled: boolean;
  deleted: boolean;
  templateId: string | null;
  /** Secrets are in clear text here. The API masks them. */
  inputs: Record<string, { value?: unknown }>;
  /** The inputs that the function accepts, as of its creation, and whether each is a secret. */
  inputsSchema: Array<{ key: string; secret: boolean }>;
  filters: Record<string, unknown>;
  /** 1 healthy, 2 slowed down, 3 disabled by PostHog; 11 slowed down, 12 disabled by its staff. */
  state: number;
}

export interface PostHogState {
  persons: PostHogPerson[];
  warnings: IngestionWarning[];
  events: CapturedEvent[];
  deliveries: SourceDelivery[];
  flags: PostHogFlag[];
  cohorts: PostHogCohort[];
  dashboards: PostHogDashboard[];
  insights: PostHogInsight[];
  hogFunctions: PostHogHogFunction[];
}

export function emptyPostHogState(): PostHogState {
  return {
    ...{ persons: [], warnings: [], events: [], deliveries: [], flags: [], cohorts: [] },
    ...{ dashboards: [], insights: [], hogFunctions: [] },
  };
}
