import type { CallFacts } from "../contracts/call.ts";

/**
 * Whether a step needs its functions: Novu calls for it, or discovers or previews the workflow. For any other step the
 * framework only reads the step's state, so that the functions need not be made.
 */
export function isCalled({ step }: Pick<CallFacts, "step">, id: string): boolean {
  return step === null || step === id;
}

/** The function of a step that is not called. */
export function notCalled(): Promise<never> {
  return Promise.reject(new Error("the framework called a step that Novu did not call for"));
}
