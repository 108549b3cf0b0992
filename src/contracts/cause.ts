/** Why an event or a body caused nothing, in so few words that they can be counted. */
export type Cause =
  | "not JSON"
  | "not an event"
  | "no workflow"
  | "filtered"
  | "nobody"
  | "does not fit"
  | "cannot be stored";
