import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { type Command, defineCommand, type Env, type OptionValues, UsageError } from "../lib/command.ts";
import { describeError } from "../lib/errors.ts";
import type { Plan } from "./plan/make-plan.ts";
import { type Discoverable, readManifest } from "./plan/manifest.ts";
import { readNovuEnvironment } from "./plan/novu-environment.ts";
import { planText } from "./plan/plan-text.ts";
import { EXIT_CODES, SyncError } from "./plan/sync-error.ts";
import { NOVU_CLI } from "./sync/novu-cli.ts";
import { runSync, type SyncOrder } from "./sync/run-sync.ts";

const HELP = `npm run sync -- [options]

Publishes the workflows of the running bridge to Novu with Novu's own command (${NOVU_CLI}). First it checks
that the bridge is up, runs this commit, has the same key and discovers every workflow of this source tree,
and prints the changes. It stops if people would or might lose messages, unless --allow-removals names the
change. Afterwards it reads the result from Novu.

  --allow-removals=ID,…   workflows that may be deleted at Novu; messages that may be removed or change
                          their type, as workflow/step; payloads that people in progress do not have, as
                          workflow/payload
  --revision COMMIT       the commit that the bridge has to run; git's HEAD by default
  --wait SECONDS          how long to wait until the bridge runs that commit
  --dry-run               check, print the changes, and make none
  --json                  print one JSON object
  --help

It reads NOVU_SECRET_KEY, NOVU_BRIDGE_URL (or PUBLIC_URL), NOVU_API_URL and NOVU_PLAN, and for the
people in progress DATABASE_URL or DATA_DIR.

Exit code: 0 done; 1 error; 2 wrong usage; 3 with --dry-run, there is something to do;
4 people would lose messages that --allow-removals does not name; 5 Novu does not accept the key; 6 the
bridge does not answer, or Novu cannot reach it; 7 the bridge has another key; 8 discover fails or is
incomplete; 9 the bridge runs another commit; 10 Novu's plan does not allow the workflows; 11 Novu does
not answer; 12 npx fails.

After a build: node dist/src/cli.js sync`;

const COMMIT = /^[0-9a-f]{7,64}$/;

const OPTIONS = {
  "allow-removals": { type: "string", default: "" },
  revision: { type: "string" },
  wait: { type: "string", default: "0" },
  "dry-run": { type: "boolean" },
} as const;

export const syncOf = (product: Discoverable): Command =>
  defineCommand({
    name: "sync",
    help: HELP,
    options: OPTIONS,
    async run({ options, env, io }) {
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
    },
  });

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
