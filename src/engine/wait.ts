import { z } from "zod";
import { attachFixedWait } from "../contracts/workflow.ts";
import { NOVU_UNITS_MS } from "../lib/durations.ts";
import { isCalled, notCalled } from "./called-step.ts";
import { msUntilCron } from "./cron.ts";
import { type Duration, inSeconds, splitWait, toMs } from "./duration.ts";
import type { GuardedStep, NovuStep, StepOptions } from "./guarded-step.ts";
import type { Awaitable, Moment } from "./moment.ts";
import { ownCodeNow } from "./own-code.ts";
import type { RunContext } from "./run-context.ts";
import { stepOptions } from "./step-options.ts";
import { type TimedWait, timedWait } from "./timed-wait.ts";
import { waitBegins } from "./wait-begins.ts";

type Options = StepOptions<z.ZodObject>;
type Found<Value> = (moment: Moment<never>) => Awaitable<Value>;

const SavedEnd = z.object({ endsAt: z.number() });

/** The steps that wait; `untilHours` waits for the sending hours before a message. */
export function waitSteps(
  step: NovuStep,
  context: RunContext,
): Pick<GuardedStep, "delay" | "wait" | "until"> & { untilHours(id: string): Promise<void> } {
  const { run, deps, facts, payload, novuTimeZone, person } = context;
  return { delay, wait, until, untilHours };

  async function delay(
    id: string,
    output: Found<Awaited<ReturnType<Parameters<NovuStep["delay"]>[1]>>>,
    options: Options = {},
  ) {
    const resolve = async (controls: unknown) => {
      const made = await ownCodeNow(context, "delay", { controls, run: output });
      const waitMs = await lengthOf(made, { payload, now: deps.now(), timeZone: novuTimeZone });
      // Novu refuses a time in the past, and a delay that is too long for its plan.
      await waitBegins(context, waitMs, { mayBeRefused: true });
      return made;
    };
    await step.delay(id, resolve, stepOptions(context, id, options));
  }

  async function wait(
    id: string,
    duration: Duration | Found<Duration>,
    { atMost, ...options }: Options & { atMost?: Duration } = {},
  ) {
    if (typeof duration !== "function") return fixedWait(id, duration, options);
    if (atMost === undefined) throw new Error(`wait "${id}" takes its length from a function, so it needs atMost`);
    await timedWait(step, context, {
      id,
      atMost,
      options,
      endOf: endOfWait(id, duration, atMost),
      endsRun: () => null,
    });
  }

  async function fixedWait(id: string, duration: Duration, options: Options) {
    const delays = splitWait(id, duration, deps.longestDelayMs);
    for (const one of delays) {
      if (!isCalled(facts, one.id)) {
        await step.delay(one.id, notCalled);
        continue;
      }
      const { amount, unit } = one;
      const resolve = async () => {
        await waitBegins(context, amount * (NOVU_UNITS_MS[unit] ?? 0), { isLast: one === delays.at(-1) });
        return { type: "regular", amount, unit } as const;
      };
      const fixed = attachFixedWait(resolve, { wait: id, amount, unit });
      await step.delay(one.id, fixed, stepOptions(context, one.id, options));
    }
  }

  /** The end is found once for a run, when the wait begins. */
  function endOfWait(id: string, find: Found<Duration>, atMost: Duration): TimedWait["endOf"] {
    return async (controls, { beforeMs }) => {
      const known = run.isTest ? undefined : (await deps.savedValues(run.transactionId))[id];
      const saved = SavedEnd.safeParse(known).data;
      if (saved !== undefined) return saved.endsAt;
      const foundMs = toMs(await ownCodeNow(context, "wait", { controls, run: find }));
      const endsAt = deps.now() + Math.min(Math.max(0, foundMs) || 0, toMs(atMost));
      // A test from Novu's dashboard, or a preview, has no stored run.
      if (run.isTest) return endsAt - beforeMs;
      return SavedEnd.parse(await deps.saveValue({ ...run, step: id }, { endsAt })).endsAt;
    };
  }

  async function until(
    id: string,
    time: Found<Date | null | undefined>,
    { atMost, ifPast = "end", ...options }: Options & { atMost: Duration; ifPast?: "go on" | "end" },
  ) {
    await timedWait(step, context, {
      ...{ id, atMost, options },
      endOf: async (controls) => {
        const endsAt = (await ownCodeNow(context, "until", { controls, run: time }))?.getTime();
        return Number.isNaN(endsAt) ? undefined : endsAt;
      },
      endsRun(endsAt, { isFirst, isLast }) {
        if (endsAt === undefined) return `${id}: there is no such time`;
        const leftMs = endsAt - deps.now();
        if (isFirst && leftMs <= 0 && ifPast === "end") return `${id}: the time is past`;
        const isTooFar = (isFirst && leftMs > toMs(atMost)) || (isLast && leftMs > deps.longestDelayMs);
        return isTooFar ? `${id}: the time is too far away` : null;
      },
    });
  }

  async function untilHours(message: string) {
    const id = `${message}-hours`;
    if (!isCalled(facts, id)) return void (await step.delay(id, notCalled));
    const resolve = async () => {
      const waitMs = await untilHoursMs();
      await waitBegins(context, waitMs);
      return { type: "regular", ...inSeconds(waitMs) } as const;
    };
    const isOpen = async () => (await untilHoursMs()) === 0;
    await step.delay(id, resolve, stepOptions(context, id, {}, isOpen));
  }

  async function untilHoursMs(): Promise<number> {
    const properties = (await person())?.properties ?? run.snapshot;
    return Math.min(deps.untilHoursMs(properties, novuTimeZone), deps.longestDelayMs);
  }
}

/**
 * The length of a Novu delay in milliseconds. A delay is `{amount, unit}`, has a `cron`, or has a `dynamicKey`: the path
 * of `{amount, unit}` or of a time in the payload. 0 for a length that cannot be read.
 */
async function lengthOf(
  delay: object,
  { payload, now, timeZone }: { payload: Record<string, unknown>; now: number; timeZone: string | undefined },
): Promise<number> {
  const { dynamicKey, cron } = delay as { dynamicKey?: unknown; cron?: unknown };
  if (typeof cron === "string") return msUntilCron(cron, { now, timeZone });
  const value = typeof dynamicKey === "string" ? valueAt({ payload }, dynamicKey) : delay;
  if (typeof value === "string") return Math.max(0, Date.parse(/z$/i.test(value) ? value : `${value}Z`) - now) || 0;
  const { amount, unit } = (value ?? {}) as { amount?: unknown; unit?: unknown };
  return Number(amount) * (NOVU_UNITS_MS[String(unit)] ?? 0) || 0;
}

/** The value at a path such as "payload.a.b". */
function valueAt(root: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>((inner, key) => (inner as Record<string, unknown> | undefined)?.[key], root);
}
