/** One thing that a sync does to a workflow, and what becomes of the people who are in progress in it. */
export interface Difference {
  does: "add" | "change" | "remove";
  /** Of a step; null of the workflow as a whole. */
  step: string | null;
  /** The added, changed or removed thing, in words. */
  what: string;
  /** The effect on the people in progress, who are "they". */
  effect: string;
  /** Which of their messages they may lose; null when they lose none. */
  loses: "this message" | "messages that its payload does not fit" | null;
}
