/** The order of links of the same time: a cause comes before its effect. */
const ORDER = [
  "event",
  "ignored",
  "opt-out",
  "exit",
  "run",
  "step done",
  "decision",
  "withdrawal",
  "step",
  "job",
] as const;

/** One fact that explains what a person got or did not get. */
export interface ChainLink {
  /** ISO 8601 */
  at: string;
  kind: (typeof ORDER)[number];
  tone: "good" | "bad" | "warn" | "info" | "quiet";
  /** One to three words. */
  label: string;
  sentence: string;
  /** The name, value or condition that caused the fact; for an event, its uuid. */
  value: string | null;
  /** Only for a decision: how Novu got the address, the receipt, and the properties that could not be read. */
  note: string | null;
  workflow: string | null;
  step: string | null;
  runRef: string | null;
}

/** The answer, with the facts that explain it in order of time. */
export interface Chain {
  person: string;
  personRef: string;
  workflow: string | null;
  /** Whether anything is known about this person. */
  isKnown: boolean;
  answer: string;
  links: ChainLink[];
}

/** A workflow as an explanation needs it. */
export interface ExplainedWorkflow {
  id: string;
  name: string;
  /** The events that start or end it. */
  events: string[];
  /** The cohorts that start it. */
  cohorts?: Array<{ id: number }>;
}

/** The question, with the workflows that are in the code. */
export interface About {
  person: string;
  /** Null is all workflows. */
  workflow: string | null;
  workflows: ExplainedWorkflow[];
}

export function inOrder(a: ChainLink, b: ChainLink): number {
  return a.at.localeCompare(b.at) || ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind);
}

/** A workflow that is not in the code has its id as its name. */
export function nameOf(id: string, workflows: Array<Pick<ExplainedWorkflow, "id" | "name">>): string {
  return workflows.find((workflow) => workflow.id === id)?.name ?? id;
}
