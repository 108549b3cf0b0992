import { type RunContext, UsageError } from "../../lib/command.ts";
import { compareEvents } from "../compare-events.ts";
import type { OPTIONS } from "../plan.ts";
import { eventsMarkdown, eventsText } from "./events-text.ts";
import { makePlan } from "./make-plan.ts";
import { type Discoverable, readManifest } from "./manifest.ts";
import { readNovuEnvironment } from "./novu-environment.ts";
import { hasChanges, planMarkdown, planText } from "./plan-text.ts";

const COMPARED_WITHIN_MS = 60_000;

export async function run(
  { options: { json, markdown }, env, now, io }: RunContext<typeof OPTIONS>,
  product: Discoverable,
): Promise<number> {
  if (json && markdown) throw new UsageError("--json and --markdown do not go together");
  const environment = readNovuEnvironment(env);
  const made = await makePlan(await readManifest(product, environment.plan), environment, io.sleep);
  const events = await compareEvents(product.workflows, { ...environment, now: now() }, COMPARED_WITHIN_MS);
  if (json) io.print(JSON.stringify({ ...made, events }));
  else if (markdown) io.print(planMarkdown(made) + eventsMarkdown(events));
  else io.print(planText(made, io.paint) + eventsText(events, io.paint));
  return hasChanges(made) ? 3 : 0;
}
