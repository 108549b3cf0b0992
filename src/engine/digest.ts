import type { z } from "zod";
import { Run } from "../contracts/run.ts";
import { HOUR_MS } from "../lib/durations.ts";
import { longestCronMs, msUntilCron } from "./cron.ts";
import { type Duration, inLargestUnit, toMs } from "./duration.ts";
import type { Due, GuardedStep, NovuOutput, NovuStep, StepOptions, Window } from "./guarded-step.ts";
import { ownCodeNow } from "./own-code.ts";
import type { RunContext } from "./run-context.ts";
import { stepOptions } from "./step-options.ts";
import { waitBegins } from "./wait-begins.ts";

type Options = StepOptions<z.ZodObject> & {
  by?(moment: never): string | Promise<string>;
  lookBack?: Duration;
  extendToSchedule?: boolean;
};

export function digestStep<Payload>(step: NovuStep, context: RunContext): GuardedStep<Payload>["digest"] {
  const { run, rules, deps, digested, novuTimeZone } = context;

  return async (id: string, window: Due<Window, z.ZodObject>, options: Options = {}) => {
    const { by, lookBack, extendToSchedule } = options;
    if (typeof window !== "function") await assertAllowed(id, window);
    const resolve = async (controls: unknown): Promise<NovuOutput<"digest">> => {
      const found =
        typeof window === "function" ? await ownCodeNow(context, "digest", { controls, run: window }) : window;
      const digestKey = by && (await ownCodeNow(context, "by", { controls, run: by }));
      await waitBegins(context, await msOf(found));
      return {
        // Novu refuses a window that is longer than the plan allows, and ends the run.
        ...("cron" in found
          ? { type: "timed", cron: found.cron }
          : { type: "regular", ...inLargestUnit(Math.min(toMs(found), deps.longestDelayMs)) }),
        ...(digestKey !== undefined && { digestKey }),
        ...(lookBack && { lookBackWindow: inLargestUnit(toMs(lookBack)) }),
        ...(extendToSchedule !== undefined && { extendToSchedule }),
      } as NovuOutput<"digest">;
    };
    const result = await step.digest(id, resolve, stepOptions(context, id, options));
    const events = await Promise.all(
      (result?.events ?? []).map(async (event) => {
        const theirs = Run.safeParse((event.payload as { run?: unknown }).run).data;
        if (theirs !== undefined && theirs.transactionId !== run.transactionId) {
          const exit = await deps.exitedBy({ ...theirs, workflow: rules.workflow });
          digested.push({ ...theirs, exit });
          if (exit !== null) return [];
        }
        // The payload fits the schema: zod parsed it before the trigger, and the bridge completed it for this version.
        return { payload: event.payload as Payload, time: new Date(theirs?.occurredAt ?? event.time) };
      }),
    );
    return events.flat();
  };

  async function msOf(window: Window): Promise<number> {
    return "cron" in window ? msUntilCron(window.cron, { now: deps.now(), timeZone: novuTimeZone }) : toMs(window);
  }

  /** Throws when the workflow is discovered, and not at Novu in the middle of a run. */
  async function assertAllowed(id: string, window: Window): Promise<void> {
    const ms = "cron" in window ? await longestCronMs(window.cron, deps.now()) : toMs(window);
    if (ms <= deps.longestDelayMs) return;
    throw new Error(
      `the digest "${id}" takes longer than the Novu plan allows, which is ${deps.longestDelayMs / HOUR_MS} h`,
    );
  }
}
