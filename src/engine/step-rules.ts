import type { EntryLimit } from "../contracts/routing.ts";
import type { NovuStep } from "./guarded-step.ts";

/** A step of a workflow, as its code declares it. */
interface Declared {
  id: string;
  type: string;
}

/** Throws for steps that Novu, or this app, does not run as their author expects; names the rule and the step. */
export function assertStepRules(
  steps: Declared[],
  { entry, waits }: { entry: EntryLimit /** The waits for events. */; waits: string[] },
): void {
  const [digest, second] = steps.filter(({ type }) => type === "digest");
  if (digest !== undefined && second !== undefined)
    throw new Error(
      `"${digest.id}" and "${second.id}" are two digests, and Novu runs one in a workflow; put the second one into a workflow of its own`,
    );
  if (digest !== undefined && entry !== "always")
    throw new Error(
      `the digest "${digest.id}" gathers the runs of a person, but \`entry\` lets a person enter only once in a time; leave \`entry\` out, or leave the digest out`,
    );
  for (const id of waits) assertWaitFor(id, steps);
  const throttle = steps.find(({ type }) => type === "throttle");
  const wait =
    throttle &&
    stepsAfter(steps, throttle).find(({ id, type }) => type === "delay" || type === "digest" || waits.includes(id));
  if (wait !== undefined)
    throw new Error(
      `"${wait.id.replace(/-hours$/, "")}" waits after the throttle "${throttle?.id}"; put the waits before the throttle, and send the messages after it \`atAnyHour\`: Novu does not report a run that it ends at a throttle`,
    );
}

function assertWaitFor(id: string, steps: Declared[]): void {
  const wait = steps.find((one) => one.id === id);
  if (wait === undefined)
    throw new Error(`waitFor has events for "${id}", but no step waits for them; add step.waitFor("${id}", …)`);
  if (steps.at(-1) === wait)
    throw new Error(`no step comes after "${id}", so nothing depends on its event; remove the wait`);
  const digest = steps.find(({ type }) => type === "digest");
  if (digest !== undefined && stepsAfter(steps, digest).includes(wait))
    throw new Error(
      `"${id}" waits for an event after the digest "${digest.id}", whose runs would be lost there; put the wait before the digest`,
    );
}

function stepsAfter(steps: Declared[], one: Declared): Declared[] {
  return steps.slice(steps.indexOf(one) + 1);
}

/**
 * Throws if the code declares other steps for a payload with values than for an empty one, such as in an `if`. A run
 * with such a payload would lose the steps behind it.
 */
export async function assertSameSteps({
  steps,
  payloads,
  run,
}: {
  /** The steps for the empty payload, with which Novu discovers the workflow. */
  steps: Declared[];
  payloads: Array<Record<string, unknown>>;
  /** Runs the workflow's code with this payload. */
  run(step: NovuStep, payload: Record<string, unknown>): Promise<void>;
}): Promise<void> {
  for (const payload of payloads) {
    const declared = await declaredSteps((step) => run(step, payload));
    const other = declared && differing(steps, declared);
    if (other != null)
      throw new Error(
        `the step "${other}" is declared only for some payloads; declare every step each time, and leave it out by its \`skip\``,
      );
  }
}

/** Null if the code fails: a sample may have values that no event has. */
async function declaredSteps(run: (step: NovuStep) => Promise<void>): Promise<string[] | null> {
  const ids: string[] = [];
  const declare = async (id: string) => void ids.push(id);
  const names = ["email", "inApp", "push", "sms", "chat", "tool", "delay", "digest", "throttle", "custom"];
  try {
    await run(Object.fromEntries(names.map((name) => [name, declare])) as unknown as NovuStep);
    return ids;
  } catch {
    return null;
  }
}

/** A step that only one list has, or the first one with another place; undefined if the lists are equal. */
function differing(steps: Declared[], ids: string[]): string | undefined {
  const known = steps.map(({ id }) => id);
  const added = ids.find((id) => !known.includes(id));
  return added ?? known.find((id) => !ids.includes(id)) ?? known.find((id, index) => id !== ids[index]);
}
