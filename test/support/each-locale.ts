import type { Workflow } from "@novu/framework";
import { callFactsIn, newCallFacts, withCallFacts } from "../../src/contracts/call.ts";
import type { Locale, Locales } from "../../src/contracts/locale.ts";
import type { Person } from "../../src/contracts/person.ts";
import type { NovuInput, NovuStep } from "../../src/engine/guarded-step.ts";
import type { LifecycleWorkflow } from "../../src/engine/lifecycle.ts";
import type { StepDependencies } from "../../src/engine/run-context.ts";

/** A message that a workflow sent, as its person would get it in a locale. */
export interface Rendering {
  distinctId: string;
  workflow: string;
  step: string;
  locale: Locale;
  /** The message, or the error because of which there is none. */
  content: Record<string, unknown> | Error;
}

type Discovered = Awaited<ReturnType<Workflow["discover"]>>;
type Declare = (id: string, resolve: (controls: unknown) => Promise<object>, options?: Options) => Promise<unknown>;
type Options = { skip?(controls: unknown): Promise<boolean> };

/**
 * The workflow, of which each message that is sent is also rendered in each locale: by the same code, for the same
 * person and the same results of earlier steps, at the same moment. Only the real message is recorded.
 */
export function inEachLocale(
  { build, ...workflow }: LifecycleWorkflow,
  locales: Locales,
  onRendered: (rendering: Rendering) => void,
): LifecycleWorkflow {
  return {
    ...workflow,
    build(deps) {
      const people = new Map<string, Person | null>();
      const person: StepDependencies["person"] = async (run) => {
        const found = await deps.person(run);
        people.set(run.transactionId, found);
        return found;
      };
      const real = build({ ...deps, person });
      const others = locales.map(({ locale }) => ({
        locale,
        found: build(inLocale(locale, deps, people)).discover(),
      }));
      const render = async (step: string, input: NovuInput, results: Map<string, unknown>, controls: unknown) => {
        for (const { locale, found } of others) {
          const content = await renderStep(await found, { step, input, results, controls }).catch(
            (error: unknown) => error as Error,
          );
          const distinctId = input.subscriber.subscriberId ?? "";
          onRendered({ distinctId, workflow: workflow.id, step, locale, content });
        }
      };
      return { ...real, discover: async () => watched(await real.discover(), render) };
    },
  };
}

/** The dependencies that record nothing, with the person in this locale. */
function inLocale(locale: Locale, deps: StepDependencies, people: Map<string, Person | null>): StepDependencies {
  return {
    ...deps,
    async person({ transactionId }) {
      const found = people.get(transactionId) ?? null;
      return found && { ...found, properties: { ...found.properties, locale } };
    },
    guard: async () => ({ objection: null, holdouts: {} }),
    isTurnedOn: async () => true,
    countAttempt: async () => 0,
    expectCallAfter: async () => {},
    refreshSubscriber: async () => {},
    mayEndAtThrottle: async () => {},
    saveValue: async (_step, value) => value,
  };
}

function watched(
  found: Discovered,
  render: (step: string, input: NovuInput, results: Map<string, unknown>, controls: unknown) => Promise<void>,
): Discovered {
  const execute = found.execute as (input: NovuInput) => Promise<unknown>;
  return {
    ...found,
    execute: (input: NovuInput) => {
      const results = new Map<string, unknown>();
      const step = eachStep(
        input.step,
        (declare): Declare =>
          async (id, resolve, options) => {
            const isCalled = callFactsIn(input.context).step === id;
            const result = await declare(
              id,
              async (controls) => {
                const message = await resolve(controls);
                // Only messages have a body.
                if (isCalled && "body" in message) await render(id, input, results, controls);
                return message;
              },
              options,
            );
            results.set(id, result);
            return result;
          },
      );
      return execute({ ...input, step });
    },
  } as Discovered;
}

/** The message of one step. Throws if the step is skipped. */
async function renderStep(
  found: Discovered,
  {
    step,
    input,
    results,
    controls,
  }: { step: string; input: NovuInput; results: Map<string, unknown>; controls: unknown },
): Promise<Record<string, unknown>> {
  const { statuses } = callFactsIn(input.context);
  const { context } = withCallFacts({ context: {} }, newCallFacts({ step, statuses }));
  const execute = found.execute as (input: NovuInput) => Promise<unknown>;
  return new Promise((resolveMessage, reject) => {
    const stepOf = eachStep(
      input.step,
      (): Declare =>
        async (id, resolve, options = {}) => {
          if (id !== step) return results.get(id);
          if (await options.skip?.(controls)) throw new Error("is skipped in this locale");
          resolveMessage((await resolve(controls)) as Record<string, unknown>);
          return {};
        },
    );
    execute({ ...input, context: context as NovuInput["context"], step: stepOf }).catch(reject);
  });
}

function eachStep(step: NovuStep, change: (declare: Declare) => Declare): NovuStep {
  const names = Object.keys(step) as Array<keyof NovuStep>;
  return Object.fromEntries(
    names.map((name) => [name, change(step[name] as unknown as Declare)]),
  ) as unknown as NovuStep;
}
