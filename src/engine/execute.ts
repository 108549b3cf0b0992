import { callFactsIn, noteFailure } from "../contracts/call.ts";
import { zoned } from "../lib/time-zone.ts";
import type { NovuInput, NovuStep } from "./guarded-step.ts";
import { novuSubscriber, type Rules, type RunContext, runOf, type StepDependencies } from "./run-context.ts";

const NOT_REACHED = "the code does not reach this step";

/** Runs a workflow's code for one call of Novu. Throws if the code ends without the step that Novu calls for. */
export async function execute(
  input: NovuInput,
  {
    rules,
    deps,
    code,
  }: { rules: Rules; deps: StepDependencies; code(step: NovuStep, context: RunContext): Promise<unknown> },
): Promise<void> {
  const { payload, subscriber, context } = input;
  const run = runOf(input, { workflow: rules.workflow, now: deps.now() });
  const { addresses, timeZone: novuTimeZone, locale: novuLocale } = novuSubscriber(subscriber);
  const facts = callFactsIn(context);
  let isReached = facts.step === null;
  const step = untilCalled(input.step, facts.step, () => {
    isReached = true;
  });
  try {
    await code(step, {
      ...{ run, rules, deps, payload, novuTimeZone, novuLocale, addresses, facts },
      digested: [],
      ended: null,
      earlier: once(() => deps.decisionsOf(run.transactionId)),
      person: once(async () => {
        const found = await deps.person(run);
        return found && { ...found, properties: zoned(found.properties, run.timeZone) };
      }),
    });
  } catch (error) {
    if (!isReached) noteFailure(facts, NOT_REACHED, error);
    throw error;
  }
  if (!isReached) facts.failure ??= NOT_REACHED;
  // Without an error the framework would answer without a message, and Novu would send an empty one.
  if (!isReached) throw new Error(`"${rules.workflow}" does not reach its step "${facts.step}" in this run`);
}

/**
 * Novu's `step`, on which the code goes no further than to the step that Novu calls for. The framework has its answer
 * then, and would run the code of all later steps for nothing.
 */
function untilCalled(step: NovuStep, called: string | null, onReached: () => void): NovuStep {
  if (called === null) return step;
  let isReached = false;
  const names = Object.keys(step) as Array<keyof NovuStep>;
  const steps = names.map((name) => {
    const declare = step[name] as (id: string, ...rest: unknown[]) => unknown;
    const declareUntil: typeof declare = (id, ...rest) => {
      if (isReached) return new Promise(() => {});
      if (id === called) {
        isReached = true;
        onReached();
      }
      return declare(id, ...rest);
    };
    return [name, declareUntil] as const;
  });
  return Object.fromEntries(steps) as unknown as NovuStep;
}

function once<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let made: Promise<Value> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
