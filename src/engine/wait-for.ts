import { waitName } from "../contracts/event-wait.ts";
import { LONGEST_RUN_MS } from "../contracts/run.ts";
import { attachEventWait } from "../contracts/workflow.ts";
import { DAY_MS } from "../lib/durations.ts";
import { toMs } from "./duration.ts";
import type { GuardedStep, NovuStep } from "./guarded-step.ts";
import type { RunContext } from "./run-context.ts";

const NO_RESULT = { type: "object", properties: {} } as const;

/**
 * The wait for an event. At Novu it is a custom step, which the bridge answers (novu/run-parts.ts). Its code runs only in
 * discovery, previews and tests, which do not wait.
 */
export function waitForStep(
  step: NovuStep,
  { run, rules, deps, facts }: RunContext,
): GuardedStep<unknown, unknown, string>["waitFor"] {
  return async (id, { atMost }) => {
    if (!rules.waits.includes(id))
      throw new Error(
        `"${rules.workflow}" waits at "${id}", but its waitFor has no events for "${id}"; add them there`,
      );
    if (toMs(atMost) > LONGEST_RUN_MS)
      throw new Error(
        `"${id}" waits for more than ${LONGEST_RUN_MS / DAY_MS} days, the longest time of a run; shorten atMost`,
      );
    const resolve = attachEventWait(async () => ({}), toMs(atMost));
    await step.custom(id, resolve, { outputSchema: NO_RESULT });
    return { came: await hasCome(id) };
  };

  async function hasCome(id: string): Promise<boolean> {
    const known = run.before?.waits[id];
    if (known !== undefined || run.isTest || facts.step === null || facts.step === id) return known?.came ?? false;
    // The wait was added after the run had begun.
    return (await deps.exitedBy({ ...run, workflow: waitName(rules.workflow, id) })) !== null;
  }
}
