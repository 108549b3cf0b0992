import { Run } from "../contracts/run.ts";
import { attachFixedWait } from "../contracts/workflow.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS, NOVU_UNITS_MS } from "../lib/durations.ts";
import type { GuardedStep, NovuStep } from "./guarded-step.ts";
import type { RunContext } from "./run-context.ts";

/** How long to wait; the parts add up. */
export interface Duration {
  days?: number;
  hours?: number;
  minutes?: number;
}

interface Delay {
  id: string;
  amount: number;
  unit: "days" | "hours" | "minutes";
}

const UNITS = [
  { unit: "days", ms: DAY_MS },
  { unit: "hours", ms: HOUR_MS },
  { unit: "minutes", ms: MINUTE_MS },
] as const;

/** One wait as delay steps of which none is longer than `longestMs`: `id`, `id-2`, `id-3` and so on. */
export function splitWait(id: string, duration: Duration, longestMs: number): Delay[] {
  const totalMs = toMs(duration);
  if (!(totalMs > 0)) throw new Error(`wait "${id}" has to be longer than 0 minutes`);

  const delays: Delay[] = [];
  for (let leftMs = totalMs; leftMs > 0; leftMs -= longestMs) {
    delays.push({
      id: delays.length === 0 ? id : `${id}-${delays.length + 1}`,
      ...inLargestUnit(Math.min(leftMs, longestMs)),
    });
  }
  return delays;
}

/** A duration as the amount and unit of one step. */
function asOneDelay(duration: Duration): Pick<Delay, "amount" | "unit"> {
  return inLargestUnit(toMs(duration));
}

/**
 * The length of a Novu delay in milliseconds. A delay is `{amount, unit}`, or has a `dynamicKey`, the path of
 * `{amount, unit}` or of a time in the payload. 0 for an unknown length, such as that of a `cron`.
 */
function lengthOf(delay: object, { payload, now }: { payload: Record<string, unknown>; now: number }): number {
  const { dynamicKey } = delay as { dynamicKey?: unknown };
  const value = typeof dynamicKey === "string" ? valueAt({ payload }, dynamicKey) : delay;
  if (typeof value === "string") return Math.max(0, Date.parse(/z$/i.test(value) ? value : `${value}Z`) - now) || 0;
  const { amount, unit } = (value ?? {}) as { amount?: unknown; unit?: unknown };
  return Number(amount) * (NOVU_UNITS_MS[String(unit)] ?? 0) || 0;
}

/** The value at a path such as "payload.a.b". */
function valueAt(root: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>((inner, key) => (inner as Record<string, unknown> | undefined)?.[key], root);
}

export function toMs({ days = 0, hours = 0, minutes = 0 }: Duration): number {
  return ((days * 24 + hours) * 60 + minutes) * MINUTE_MS;
}

function inLargestUnit(ms: number): Pick<Delay, "amount" | "unit"> {
  const { unit, ms: unitMs } = UNITS.find((candidate) => ms % candidate.ms === 0) ?? {
    unit: "minutes" as const,
    ms: MINUTE_MS,
  };
  return { unit, amount: Math.ceil(ms / unitMs) };
}

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
      // A digest that is longer than the plan allows fails the run at Novu.
      if (toMs(within) > deps.longestDelayMs)
        throw new Error(
          `the digest "${id}" takes longer than the Novu plan allows, which is ${deps.longestDelayMs / HOUR_MS} h`,
        );
      const result = await step.digest(id, async () => {
        await waitBegins(asOneDelay(within));
        return asOneDelay(within);
      });
      // Each payload fits the schema: zod parsed it before the trigger, and the bridge completed it for this version.
      const payloads = (result?.events ?? []).map((event) => event.payload as Payload & { run?: unknown });
      const runs = payloads.flatMap((one) => Run.safeParse(one.run).data ?? []);
      digested.push(...runs.filter(({ transactionId }) => transactionId !== run.transactionId));
      return payloads;
    },

    async throttle(id, { most, within }) {
      throttledAt = id;
      await step.throttle(id, async () => {
        for (const { transactionId, distinctId } of run.isTest ? digested : [run, ...digested])
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

  /** Refreshes the subscriber during the wait, because Novu loads it before the call for the next message. */
  async function waitBegins(wait: object, { isLast = true, mayBeRefused = false } = {}): Promise<void> {
    if (run.isTest) return;
    const waitMs = lengthOf(wait, { payload, now: deps.now() });
    await deps.expectCallAfter(run, { waitMs, mayBeRefused });
    if (waitMs > 0 && isLast) await deps.refreshSubscriber(run, { waitMs, isWrong: false });
  }

  function assertMayWait(id: string): void {
    if (throttledAt === null) return;
    throw new Error(
      `"${id}" waits after the throttle "${throttledAt}"; put the waits before the throttle, and send the messages after it \`atAnyHour\`: Novu does not report a run that it ends at a throttle`,
    );
  }
}
