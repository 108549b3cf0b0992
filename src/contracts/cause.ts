/** Why an event or a body caused nothing, or not what it says, in so few words that they can be counted. */
export type Cause =
  | "not JSON"
  | "not an event"
  /** One of our own reports, come back. */
  | "echo"
  /** Of a colleague or a test, by INTERNAL_USERS. */
  | "internal"
  | "no workflow"
  | "filtered"
  | "nobody"
  | "not merged"
  | "does not fit"
  /** The event counts, with another value in place of one of its own. */
  | "replaced"
  | "cannot be stored";
