/** One change of a sync, and its effect on the people in progress. */
export interface Difference {
  does: "add" | "change" | "remove";
  /** Null for the workflow as a whole. */
  step: string | null;
  /** A description for people. */
  what: string;
  /** The effect on the people in progress, called "they". */
  effect: string;
  /** The messages that they may lose; null for none. */
  loses: "this message" | "messages that its payload does not fit" | null;
}
