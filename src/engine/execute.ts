import { callFactsIn } from "../contracts/call.ts";
import { zoned } from "../lib/time-zone.ts";
import type { NovuInput, NovuStep } from "./guarded-step.ts";
import { novuSubscriber, type Rules, type RunContext, runOf, type StepDependencies } from "./run-context.ts";

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
  const reached = new Set<string>();
  const isMissed = () => facts.step !== null && !reached.has(facts.step);
  try {
    await code(recording(input.step, reached), {
      ...{ run, rules, deps, payload, novuTimeZone, novuLocale, addresses, facts },
      digested: [],
      ended: null,
      earlier: once(() => deps.decisionsOf(run.transactionId)),
      person: once(async () => {
        const found = await deps.person(run);
        return found && { ...found, properties: zoned(found.properties, run.timeZone) };
      }),
    });
  } finally {
    if (isMissed()) facts.failure ??= "the code does not reach this step";
  }
  // Without an error the framework would answer without a message, and Novu would send an empty one.
  if (isMissed()) throw new Error(`"${rules.workflow}" does not reach its step "${facts.step}" in this run`);
}

/** Novu's `step`, which adds the id of each step to `reached`. */
function recording(step: NovuStep, reached: Set<string>): NovuStep {
  const names = Object.keys(step) as Array<keyof NovuStep>;
  const steps = names.map((name) => {
    const declare = step[name] as (id: string, ...rest: unknown[]) => unknown;
    const record: typeof declare = (id, ...rest) => {
      reached.add(id);
      return declare(id, ...rest);
    };
    return [name, record] as const;
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
