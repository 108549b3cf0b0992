import type { RunContext } from "./run-context.ts";

/**
 * Records that a run begins to wait, and refreshes the subscriber during the wait, because Novu loads it before the call
 * for the next message. `isLast`: the next call is not for another part of the same wait. `mayBeRefused`: Novu may
 * refuse the wait and end the run.
 */
export async function waitBegins(
  { run, deps }: Pick<RunContext, "run" | "deps">,
  waitMs: number,
  { isLast = true, mayBeRefused = false } = {},
): Promise<void> {
  if (run.isTest) return;
  await Promise.all([
    deps.expectCallAfter(run, { waitMs, mayBeRefused }),
    waitMs > 0 && isLast && deps.refreshSubscriber(run, { waitMs, isWrong: false }),
  ]);
}
