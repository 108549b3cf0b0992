import { Run } from "../contracts/run.ts";
import { attachFixedWait } from "../contracts/workflow.ts";
import { HOUR_MS } from "../lib/durations.ts";
import type { GuardedStep, NovuStep } from "./guarded-step.ts";
import type { RunContext } from "./run-context.ts";
import { asOneDelay, type Duration, lengthOf, splitWait, toMs } from "./wait.ts";

/** The steps that wait, or end a run; `untilHours` waits for the sending hours before a message. */
export function waitSteps<Payload>(
  step: NovuStep,
  { run, rules, deps, payload, novuTimeZone, person, digested }: RunContext,
): Pick<GuardedStep<Payload>, "delay" | "wait" | "digest" | "throttle"> & { untilHours(id: string): Promise<void> } {
  let throttledAt: string | null = null;

  return {
    delay: (id, resolve, options) => {
      assertMayWait(id);
      return step.delay(
        id,
        async (controls) => {
          const wait = await resolve(controls);
          // Novu refuses a time in the past, and a delay that is too long for its plan.
          await waitBegins(wait, { mayBeRefused: true });
          return wait;
        },
        options,
      );
    },

    async wait(id, duration) {
      assertMayWait(id);
      const delays = splitWait(id, duration, deps.longestDelayMs);
      for (const delay of delays) {
        const { amount, unit } = delay;
        const resolve = async () => {
          const wait = { type: "regular", amount, unit } as const;
          await waitBegins(wait, { isLast: delay === delays.at(-1) });
          return wait;
        };
        await step.delay(delay.id, attachFixedWait(resolve, { wait: id, amount, unit }));
      }
    },

    async digest(id, within) {
      assertMayWait(id);
      assertWithinPlan(`the digest "${id}"`, within, deps.longestDelayMs);
      const result = await step.digest(id, async () => {
        await waitBegins(asOneDelay(within));
        return asOneDelay(within);
      });
      // Each payload fits the schema: it was parsed before its trigger, and the bridge has completed it for this version.
      const payloads = (result?.events ?? []).map((event) => event.payload as Payload & { run?: unknown });
      const runs = payloads.flatMap((one) => Run.safeParse(one.run).data ?? []);
      digested.push(...runs.filter(({ transactionId }) => transactionId !== run.transactionId));
      return payloads;
    },

    async throttle(id, { most, within }) {
      throttledAt = id;
      await step.throttle(id, async () => {
        for (const { transactionId, distinctId } of run.rehearsal ? digested : [run, ...digested])
          await deps.mayEndAtThrottle({ transactionId, distinctId, workflow: rules.workflow });
        return { type: "fixed", ...asOneDelay(within), threshold: most };
      });
    },

    async untilHours(id) {
      assertMayWait(id);
      await step.delay(
        `${id}-hours`,
        async () => {
          const wait = { type: "regular", amount: Math.ceil((await untilHoursMs()) / 1000), unit: "seconds" } as const;
          await waitBegins(wait);
          return wait;
        },
        { skip: async () => (await untilHoursMs()) === 0 },
      );
    },
  };

  async function untilHoursMs(): Promise<number> {
    const properties = (await person())?.properties ?? run.snapshot;
    return Math.min(deps.untilHoursMs(properties, novuTimeZone), deps.longestDelayMs);
  }

  /** A message may follow the wait, and Novu loads its subscriber before it calls here. */
  async function waitBegins(wait: object, { isLast = true, mayBeRefused = false } = {}): Promise<void> {
    if (run.rehearsal) return;
    const waitMs = lengthOf(wait, { payload, now: deps.now() });
    await deps.expectCallAfter(run, { waitMs, mayBeRefused });
    if (waitMs > 0 && isLast) await deps.refreshSubscriber(run, { waitMs, isWrong: false });
  }

  function assertMayWait(id: string): void {
    if (throttledAt === null) return;
    throw new Error(
      `"${id}" waits after the throttle "${throttledAt}"; Novu reports nothing about a run that ended there, so the steps behind it have to send at once: put the waits before it, and send \`atAnyHour\``,
    );
  }
}

/** A digest that is too long for the plan would fail the run at Novu. */
function assertWithinPlan(name: string, within: Duration, longestMs: number): void {
  if (toMs(within) <= longestMs) return;
  throw new Error(`${name} takes longer than the Novu plan allows, which is ${longestMs / HOUR_MS} h`);
}
