import type { Decision } from "./decision.ts";

/** The facts of one bridge call that Novu's framework does not pass on to a workflow's code, or back from it. */
export interface CallFacts {
  /** The step that Novu calls for; null in a preview and in discovery. */
  step: string | null;
  /** Novu's status of each earlier step. */
  statuses: Map<string, string>;
  /** The decisions of the step. The bridge records them when it has the step's answer. */
  decisions: Decision[];
  /** Which function of the workflow failed, without its error; null if none did. */
  failure: string | null;
}

const FACTS = Symbol("call facts");

export function newCallFacts({ step = null, statuses = new Map() }: Partial<CallFacts> = {}): CallFacts {
  return { step, statuses, decisions: [], failure: null };
}

/**
 * The body of a bridge call with the facts. Novu's framework runs the step's code and returns only JSON, but it passes
 * `context` on as the same object. No JSON and no template contains a symbol.
 */
export function withCallFacts<Body extends { context?: object }>(body: Body, facts: CallFacts): Body {
  return { ...body, context: { ...body.context, [FACTS]: facts } };
}

/** The facts that `withCallFacts` put into the `context` of a workflow; new ones that nothing reads for a preview. */
export function callFactsIn(context: object | undefined): CallFacts {
  return (context as { [FACTS]?: CallFacts } | undefined)?.[FACTS] ?? newCallFacts();
}
