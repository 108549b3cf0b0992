import { type CallFacts, noteFailure } from "../contracts/call.ts";
import { OWN_CODE_WITHIN_MS } from "../contracts/novu.ts";
import { SECOND_MS } from "../lib/durations.ts";
import { type Awaitable, type Moment, momentOf } from "./moment.ts";
import type { RunContext } from "./run-context.ts";

/**
 * Runs a function of the workflow, such as its `skip`, and returns its value. Throws if the function throws, or takes
 * longer than OWN_CODE_WITHIN_MS. `facts.failure` then names the function, without its error, which may quote personal
 * data.
 */
export async function ownCode<Value>(
  facts: Pick<CallFacts, "failure" | "error">,
  name: string,
  run: () => Awaitable<Value>,
): Promise<Value> {
  try {
    const value = run();
    return value instanceof Promise ? await inTime(value, name) : value;
  } catch (error) {
    noteFailure(facts, error instanceof LateError ? error.message : `${name} failed`, error);
    throw error;
  }
}

/** Runs a function of a step that is no message, with the moment. Reads the person. */
export async function ownCodeNow<Value>(
  context: Pick<RunContext, "run" | "deps" | "person" | "novuLocale" | "facts">,
  name: string,
  { controls, run }: { controls: unknown; run(moment: Moment<never>): Awaitable<Value> },
): Promise<Value> {
  const moment = await momentOf(context, controls as never);
  return ownCode(context.facts, name, () => run(moment));
}

async function inTime<Value>(value: Promise<Value>, name: string): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const giveUp = () => reject(new LateError(`${name} took longer than ${OWN_CODE_WITHIN_MS / SECOND_MS} s`));
    timer = setTimeout(giveUp, OWN_CODE_WITHIN_MS);
  });
  try {
    return await Promise.race([value, late]);
  } finally {
    clearTimeout(timer);
  }
}

class LateError extends Error {}
