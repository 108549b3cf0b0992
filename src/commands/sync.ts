import { execFile } from "node:child_process";
import { parseArgs, promisify } from "node:util";
import { describeError } from "../lib/errors.ts";
import { print, printError } from "../lib/terminal.ts";
import { workflows } from "../workflows/index.ts";
import { runCommand, UsageError } from "./command.ts";
import type { Plan } from "./plan/make-plan.ts";
import { readManifest } from "./plan/manifest.ts";
import { readNovuEnvironment } from "./plan/novu-environment.ts";
import { planText } from "./plan/plan-text.ts";
import { EXIT_CODES, Trouble } from "./plan/trouble.ts";
import { NOVU_CLI } from "./sync/novu-cli.ts";
import { runSync, type SyncOrder } from "./sync/run-sync.ts";

const HELP = `npm run sync -- [options]

Publishes the workflows of the running bridge to Novu, by Novu's own command (${NOVU_CLI}): first it
proves that the bridge is up, is this commit, has the same key and discovers all that this source
tree has, and says what changes. It refuses to delete anything that is not named. Afterwards it
reads what Novu has.

  --allow-removals=ID,…   workflows, and steps as workflow/step, that may be deleted at Novu
  --revision COMMIT       the commit that should run at the bridge; git's HEAD, when left out
  --wait SECONDS          wait so long until it does
  --dry-run               check, say what would change, and change nothing
  --json                  print one JSON object
  --help

It reads NOVU_SECRET_KEY, NOVU_BRIDGE_URL (or PUBLIC_URL), NOVU_API_URL and NOVU_PLAN, and for the
people who wait DATABASE_URL or DATA_DIR.

Exit code: 0 done; 1 trouble; 2 wrong usage; 3 with --dry-run, there is something to do;
4 it would delete what was not named; 5 Novu does not take the key; 6 the bridge is not there, or
Novu cannot reach it; 7 the bridge has another key; 8 discover fails or is not complete; 9 another
commit runs at the bridge; 10 beyond the plan of Novu; 11 Novu is not there; 12 npx fails.

After a build: node dist/src/commands/sync.js`;

const COMMIT = /^[0-9a-f]{7,64}$/;

await runCommand(HELP, main);

async function main(): Promise<number> {
  const order = await readOrder();
  if (order === null) {
    print(HELP);
    return 0;
  }
  const { json, dryRun } = order;
  const environment = readNovuEnvironment(process.env);
  let plan: Plan | null = null;
  const notes: string[] = [];
  const listener = {
    onPlan(made: Plan) {
      plan = made;
      if (!json) print(planText(made));
    },
    onNote(note: string) {
      notes.push(note);
      if (!json) print(`… ${note}`);
    },
  };
  try {
    const manifest = await readManifest(workflows, environment.plan);
    const { isToDo, after } = await runSync(manifest, order, listener, environment, process.env);
    if (json) print(JSON.stringify({ plan, notes, dryRun, after, error: null }));
    else if (after === null) print("Nothing was changed.");
    else print(`Synced: Novu has ${after.workflows} workflows, ${after.steps} steps by code.`);
    return isToDo ? 3 : 0;
  } catch (error) {
    const kind = error instanceof Trouble ? error.kind : "other";
    const message = describeError(error);
    if (json) print(JSON.stringify({ plan, notes, dryRun, after: null, error: { kind, message } }));
    else printError(message);
    return EXIT_CODES[kind];
  }
}

async function readOrder(): Promise<(SyncOrder & { json: boolean }) | null> {
  const values = readOptions();
  if (values.help === true) return null;
  const { revision = await headCommit(), wait = "0" } = values;
  if (revision !== null && !COMMIT.test(revision))
    throw new UsageError(`--revision "${revision}" is not a commit of 7 or more hex digits`);
  if (!/^\d{1,4}$/.test(wait)) throw new UsageError(`--wait "${wait}" is not a number of seconds`);
  return {
    allowed: (values["allow-removals"] ?? "").split(",").map((id) => id.trim()),
    dryRun: values["dry-run"] ?? false,
    json: values.json ?? false,
    revision,
    waitMs: Number(wait) * 1000,
  };
}

/** Null where this is no checkout, or git is not there. */
async function headCommit(): Promise<string | null> {
  try {
    return (await promisify(execFile)("git", ["rev-parse", "HEAD"])).stdout.trim();
  } catch {
    return null;
  }
}

function readOptions() {
  try {
    return parseArgs({
      options: {
        "allow-removals": { type: "string" },
        revision: { type: "string" },
        wait: { type: "string" },
        "dry-run": { type: "boolean" },
        json: { type: "boolean" },
        help: { type: "boolean" },
      },
    }).values;
  } catch (error) {
    throw new UsageError(describeError(error));
  }
}
