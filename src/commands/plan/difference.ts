/** One thing that a sync does to a workflow, and what becomes of the people who are in progress in it. */
export interface Difference {
  does: "add" | "change" | "remove";
  /** Of a step; null of the workflow as a whole. */
  step: string | null;
  /** What is added, changed or removed, in words. */
  what: string;
  /** What it does to them, with them as "they". */
  effect: string;
  /** Which of their messages they may lose; null when they lose none. */
  loses: "this message" | "messages that its payload does not fit" | null;
}
