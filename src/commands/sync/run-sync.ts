import type { Sleep } from "../../lib/clock.ts";
import type { Env } from "../../lib/command.ts";
import type { CommandIo } from "../../lib/command-io.ts";
import { changesOf } from "../plan/compare-workflows.ts";
import { makePlan, type Plan } from "../plan/make-plan.ts";
import { emptySchemas, type Manifest } from "../plan/manifest.ts";
import type { NovuEnvironment } from "../plan/novu-environment.ts";
import { readNovuWorkflows } from "../plan/novu-workflows.ts";
import { hasChanges, peopleText } from "../plan/plan-text.ts";
import { SyncError } from "../plan/sync-error.ts";
import { checkBridge } from "./check-bridge.ts";
import { runNovuCli } from "./novu-cli.ts";

export interface SyncOrder {
  /** Allowed changes that lose messages: workflows, `workflow/step` and `workflow/payload`. */
  allowed: string[];
  dryRun: boolean;
  /** The commit that has to run at the bridge; null if unknown. */
  revision: string | null;
  waitMs: number;
}

export interface SyncListener {
  onPlan(plan: Plan): void;
  onNote(note: string): void;
}

/**
 * Publishes the bridge's workflows after all checks. If a check fails, throws a SyncError and changes nothing. `after`
 * has the counts at Novu after the sync; null after a dry run.
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
  if (empty.length > 0) throw new SyncError("discover", `published with an empty schema: ${empty.join(", ")}`);

  const notes = await checkBridge({ bridgeUrl, secretKey, manifest, revision, waitMs, onWait: onNote, ...io });
  notes.forEach(onNote);
  const plan = await makePlan(manifest, environment, io.sleep);
  onPlan(plan);
  if (plan.limits.length > 0) throw new SyncError("limits", plan.limits.join("; "));
  assertAllowed(plan, allowed);
  if (dryRun) return { isToDo: hasChanges(plan), after: null };

  await runNovuCli({ bridgeUrl, apiUrl, secretKey }, { env, sleep: io.sleep, onPause: onNote });
  return { isToDo: false, after: await readBack(manifest, { apiUrl, secretKey }, { sleep: io.sleep, onNote }) };
}

function neededOf({ secretKey, bridgeUrl }: NovuEnvironment): { secretKey: string; bridgeUrl: string } {
  if (secretKey === undefined) throw new SyncError("other", "NOVU_SECRET_KEY is missing");
  if (bridgeUrl === undefined) throw new SyncError("other", "NOVU_BRIDGE_URL is missing, and so is PUBLIC_URL");
  return { secretKey, bridgeUrl };
}

function assertAllowed({ removals }: Plan, allowed: string[]): void {
  const refused = removals.filter(({ id }) => !allowed.includes(id));
  if (refused.length === 0) return;
  const what = refused.map(({ id, waiting }) => `${id} (${peopleText(waiting)})`).join(", ");
  throw new SyncError(
    "removals",
    `people would or might lose messages: ${what}. Nothing was changed. To allow it: --allow-removals=${removals.map(({ id }) => id).join(",")}`,
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
    throw new SyncError("novu", `Novu accepted the sync, but still differs in ${ids(missing)}; run the sync again`);
  if (left.length > 0) onNote(`Novu stored some details differently: ${ids(left)}`);
  return { workflows: workflows.length, steps: workflows.reduce((sum, { steps }) => sum + steps.length, 0) };
}
