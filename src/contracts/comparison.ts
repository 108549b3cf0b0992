/**
 * A difference between the workflows and the events that come. It has names of events and properties, and never a
 * value.
 */
export interface EventProblem {
  kind:
    | "never seen"
    | "stopped"
    | "condition never held"
    | "property never seen"
    | "property missing"
    | "property type"
    | "does not fit"
    | "person property never seen";
  /** The ids of the workflows that it concerns; empty for a person property, which all workflows may read. */
  workflows: string[];
  event: string | null;
  property: string | null;
  /** A name that PostHog has, and that differs in a few letters only. */
  nearest: string | null;
  /** The problem as one sentence without a full stop. */
  text: string;
}

/** The result of comparing the workflows with PostHog, or with the events that arrived here. */
export interface Comparison {
  problems: EventProblem[];
  /** Facts about the comparison as a whole, such as that no event has come yet. */
  notes: string[];
  /** Each part that could not be compared, with the reason. */
  notCompared: string[];
  /** The number of event names that were compared. */
  events: number;
}

/** How often an event comes, by the hours in which it came. */
export interface Rhythm {
  /** The start of the last hour with the event, in milliseconds since 1970. */
  lastHour: number;
  /** The number of pauses between two such hours. */
  pauses: number;
  longestPauseMs: number;
}
