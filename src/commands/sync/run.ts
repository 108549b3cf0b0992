import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { type Env, type OptionValues, type RunContext, UsageError } from "../../lib/command.ts";
import { describeError } from "../../lib/errors.ts";
import type { Plan } from "../plan/make-plan.ts";
import { type Discoverable, readManifest } from "../plan/manifest.ts";
import { readNovuEnvironment } from "../plan/novu-environment.ts";
import { planText } from "../plan/plan-text.ts";
import { EXIT_CODES, SyncError } from "../plan/sync-error.ts";
import type { OPTIONS } from "../sync.ts";
import { runSync, type SyncOrder } from "./run-sync.ts";

const COMMIT = /^[0-9a-f]{7,64}$/;

export async function run({ options, env, io }: RunContext<typeof OPTIONS>, product: Discoverable): Promise<number> {
  const order = await orderOf(options, env);
  const { dryRun } = order;
  const { json } = options;
  const environment = readNovuEnvironment(env);
  let plan: Plan | null = null;
  const notes: string[] = [];
  const listener = {
    onPlan(made: Plan) {
      plan = made;
      if (!json) io.print(planText(made, io.paint));
    },
    onNote(note: string) {
      notes.push(note);
      if (!json) io.print(`… ${note}`);
    },
  };
  try {
    const manifest = await readManifest(product, environment.plan);
    const { isToDo, after } = await runSync(manifest, order, listener, environment, { env, io });
    if (json) io.print(JSON.stringify({ plan, notes, dryRun, after, error: null }));
    else if (after === null) io.print("Nothing was changed.");
    else io.print(`Synced: Novu has ${after.workflows} workflows and ${after.steps} steps from code.`);
    return isToDo ? 3 : 0;
  } catch (error) {
    const kind = error instanceof SyncError ? error.kind : "other";
    const message = describeError(error);
    if (json) io.print(JSON.stringify({ plan, notes, dryRun, after: null, error: { kind, message } }));
    else io.printError(message);
    return EXIT_CODES[kind];
  }
}

async function orderOf(options: OptionValues<typeof OPTIONS>, env: Env): Promise<SyncOrder> {
  const { revision = await headCommit(env), wait } = options;
  if (revision !== null && !COMMIT.test(revision))
    throw new UsageError(`--revision "${revision}" is not a commit of 7 or more hex digits`);
  if (!/^\d{1,4}$/.test(wait)) throw new UsageError(`--wait "${wait}" is not a number of seconds`);
  return {
    allowed: options["allow-removals"].split(",").map((id) => id.trim()),
    dryRun: options["dry-run"],
    revision,
    waitMs: Number(wait) * 1000,
  };
}

/** Null without a git checkout, or without git. */
async function headCommit(env: Env): Promise<string | null> {
  try {
    return (await promisify(execFile)("git", ["rev-parse", "HEAD"], { env })).stdout.trim();
  } catch {
    return null;
  }
}
