import type { Decision, Objection } from "./decision.ts";

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
  /** The error of that function. Only the sandbox reads it, because it may quote personal data. */
  error: unknown;
  /** Whether the call only shows the message: an objection does not keep it from being composed. */
  isTrial: boolean;
  /** Only in a trial: the reason why the message would not be sent now; null if it would be. */
  objection: Objection | null;
}

/** The result of a bridge call that only shows a message. */
export interface Trial extends Pick<CallFacts, "objection" | "failure" | "error"> {}

/** Only in the sandbox: the calls that only show a message, and the errors of the fork's code. */
export interface Trials {
  /** The trial with this job id; undefined for a call of a run. */
  find(jobId: string): Trial | undefined;
  /** A step of a run has failed. */
  onError(at: { transactionId: string; step: string }, error: unknown): void;
}

const FACTS = Symbol("call facts");

export function newCallFacts({
  step = null,
  statuses = new Map(),
  isTrial = false,
}: Partial<CallFacts> = {}): CallFacts {
  return { step, statuses, decisions: [], failure: null, error: null, isTrial, objection: null };
}

/** The first failure of a call counts. */
export function noteFailure(facts: Pick<CallFacts, "failure" | "error">, failure: string, error: unknown): void {
  if (facts.failure === null) Object.assign(facts, { failure, error });
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
