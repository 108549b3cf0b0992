import { z } from "zod";
import { type Duration, inSeconds, splitWait, toMs } from "./duration.ts";
import type { NovuStep, StepOptions } from "./guarded-step.ts";
import type { RunContext } from "./run-context.ts";
import { stepOptions } from "./step-options.ts";
import { waitBegins } from "./wait-begins.ts";

/** One part of a wait: a delay step. */
interface Part {
  isFirst: boolean;
  isLast: boolean;
  /** How long the parts before this one may take. */
  beforeMs: number;
}

/** A wait whose end is not known before it begins. */
export interface TimedWait {
  id: string;
  atMost: Duration;
  options: StepOptions<z.ZodObject>;
  /** When the wait ends, in milliseconds since 1970; undefined if there is no such time. */
  endOf(controls: unknown, part: Part): Promise<number | undefined>;
  /** Why no later message of the run is sent; null if the run goes on. */
  endsRun(endsAt: number | undefined, part: Part): string | null;
}

const Ended = z.object({ ended: z.string() });

/** A wait as the delay steps that its longest length needs. A step that has no time left is skipped. */
export async function timedWait(step: NovuStep, context: RunContext, wait: TimedWait): Promise<void> {
  const { run, deps, facts } = context;
  const { id, atMost, options } = wait;
  const parts = splitWait(id, atMost, deps.longestDelayMs);
  for (const [index, { id: partId }] of parts.entries()) {
    const part: Part = {
      isFirst: index === 0,
      isLast: index === parts.length - 1,
      beforeMs: index * deps.longestDelayMs,
    };
    await step.delay(
      partId,
      async (controls) => {
        const endsAt = (await wait.endOf(controls, part)) ?? deps.now() + toMs(atMost) - part.beforeMs;
        const leftMs = Math.max(0, endsAt - deps.now());
        const waitMs = Math.min(leftMs, deps.longestDelayMs);
        await waitBegins(context, waitMs, { isLast: leftMs === waitMs });
        return { type: "regular", ...inSeconds(waitMs) } as const;
      },
      stepOptions(context, partId, options, async (controls) => {
        const endsAt = await wait.endOf(controls, part);
        const ended = wait.endsRun(endsAt, part);
        if (ended !== null && !run.isTest) await deps.saveValue({ ...run, step: id }, { ended });
        return ended !== null || endsAt === undefined || endsAt <= deps.now();
      }),
    );
    if (facts.statuses.has(partId)) await readEnd();
  }

  async function readEnd(): Promise<void> {
    if (run.isTest) return;
    const { [id]: saved } = await deps.savedValues(run.transactionId);
    context.ended ??= Ended.safeParse(saved).data?.ended ?? null;
  }
}
