/** The reason why an event or a body was ignored, wholly or in part. There are few values, because metrics count by them. */
export type Cause =
  | "not JSON"
  | "not an event"
  /** One of our own reports, sent back by PostHog. */
  | "echo"
  /** By a colleague or a test, by INTERNAL_USERS. */
  | "internal"
  | "no workflow"
  | "filtered"
  | "no person"
  | "not merged"
  | "does not fit"
  /** The event counts, with another value for one of its properties. */
  | "replaced"
  | "cannot be stored";
