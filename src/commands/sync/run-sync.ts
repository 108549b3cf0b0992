import type { Env } from "../../lib/command.ts";
import type { CommandIo } from "../../lib/command-io.ts";
import type { Sleep } from "../../lib/sleep.ts";
import { changesOf } from "../plan/compare-workflows.ts";
import { makePlan, type Plan } from "../plan/make-plan.ts";
import { emptySchemas, type Manifest } from "../plan/manifest.ts";
import type { NovuEnvironment } from "../plan/novu-environment.ts";
import { readNovuWorkflows } from "../plan/novu-workflows.ts";
import { hasChanges, peopleText } from "../plan/plan-text.ts";
import { Trouble } from "../plan/trouble.ts";
import { checkBridge } from "./check-bridge.ts";
import { runNovuCli } from "./novu-cli.ts";

export interface SyncOrder {
  /** Changes by which people may lose messages: workflows, `workflow/step` and `workflow/payload`. */
  allowed: string[];
  dryRun: boolean;
  /** The commit that should run at the bridge; null when it is not known. */
  revision: string | null;
  /** How long to wait for it, in milliseconds. */
  waitMs: number;
}

/** Who hears of it while it goes on. */
export interface SyncListener {
  onPlan(plan: Plan): void;
  onNote(note: string): void;
}

/**
 * Publishes what the bridge has, once everything is proved that can be: throws a Trouble before anything
 * is changed. Answers what Novu has afterwards, or null when nothing was to be done but to look.
 */
export async function runSync(
  manifest: Manifest,
  { allowed, dryRun, revision, waitMs }: SyncOrder,
  { onPlan, onNote }: SyncListener,
  environment: NovuEnvironment,
  { env, io }: { env: Env; io: Pick<CommandIo, "sleep" | "uptimeMs"> },
): Promise<{ isToDo: boolean; after: { workflows: number; steps: number } | null }> {
  const { apiUrl } = environment;
  const { secretKey, bridgeUrl } = neededOf(environment);
  const empty = emptySchemas(manifest);
  if (empty.length > 0) throw new Trouble("discover", `published empty: ${empty.join(", ")}`);

  const notes = await checkBridge({ bridgeUrl, secretKey, manifest, revision, waitMs, onWait: onNote, ...io });
  notes.forEach(onNote);
  const plan = await makePlan(manifest, environment, io.sleep);
  onPlan(plan);
  if (plan.limits.length > 0) throw new Trouble("limits", plan.limits.join("; "));
  assertAllowed(plan, allowed);
  if (dryRun) return { isToDo: hasChanges(plan), after: null };

  await runNovuCli({ bridgeUrl, apiUrl, secretKey }, { env, sleep: io.sleep, onPause: onNote });
  return { isToDo: false, after: await readBack(manifest, { apiUrl, secretKey }, { sleep: io.sleep, onNote }) };
}

function neededOf({ secretKey, bridgeUrl }: NovuEnvironment): { secretKey: string; bridgeUrl: string } {
  if (secretKey === undefined) throw new Trouble("other", "NOVU_SECRET_KEY is missing");
  if (bridgeUrl === undefined) throw new Trouble("other", "NOVU_BRIDGE_URL is missing, and PUBLIC_URL as well");
  return { secretKey, bridgeUrl };
}

function assertAllowed({ removals }: Plan, allowed: string[]): void {
  const refused = removals.filter(({ id }) => !allowed.includes(id));
  if (refused.length === 0) return;
  const what = refused.map(({ id, waiting }) => `${id} (${peopleText(waiting)})`).join(", ");
  throw new Trouble(
    "removals",
    `people would lose messages, or may: ${what}. Nothing was changed. If that is meant: --allow-removals=${removals.map(({ id }) => id).join(",")}`,
  );
}

async function readBack(
  manifest: Manifest,
  access: { apiUrl: string; secretKey: string },
  { sleep, onNote }: { sleep: Sleep; onNote(note: string): void },
): Promise<{ workflows: number; steps: number }> {
  const { workflows } = await readNovuWorkflows(access, sleep);
  const left = changesOf(manifest, workflows);
  const missing = left.filter(({ does, changes }) => does !== "change" || changes.some((one) => one.does !== "change"));
  const ids = (some: typeof left) => some.map(({ workflow }) => workflow).join(", ");
  if (missing.length > 0)
    throw new Trouble("novu", `Novu said yes, and still differs in ${ids(missing)}; run it again`);
  if (left.length > 0) onNote(`Novu keeps some details otherwise: ${ids(left)}`);
  return { workflows: workflows.length, steps: workflows.reduce((sum, { steps }) => sum + steps.length, 0) };
}
