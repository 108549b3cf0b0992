import type { Decision } from "./decision.ts";

const DECISIONS = Symbol("decisions");

/**
 * The body of a bridge call with a list for the decisions of its step. Novu's framework runs the step's code and
 * returns only JSON, but it passes `context` on as the same object. No JSON and no template contains a symbol.
 */
export function withDecisions<Body extends { context?: object }>(body: Body, decisions: Decision[]): Body {
  return { ...body, context: { ...body.context, [DECISIONS]: decisions } };
}

/** That list, from the `context` that a workflow gets. A preview has none, and nothing reads this one. */
export function decisionsIn(context: object | undefined): Decision[] {
  return (context as { [DECISIONS]?: Decision[] } | undefined)?.[DECISIONS] ?? [];
}
