import { defineCommand } from "../lib/command.ts";

const HELP = `npm run redrive -- [--all | --cause TEXT | --id N] [options]

Lists the dead jobs with their errors, or gives them all their attempts again, once the cause is fixed. Run
it beside the app, with the same environment. With SQLite the running app makes the change, called at
127.0.0.1 and PORT.

  --all          all dead jobs
  --cause TEXT   all dead jobs with this error, as the list prints it
  --id N         one job
  --dry-run      print how many jobs it would be, and change nothing
  --limit N      jobs in the list (20)
  --json         print one JSON object
  --help

Exit code: 0 done, or there are no dead jobs; 1 error, or no dead job matches; 2 wrong usage;
3 there are dead jobs, and none of --all, --cause and --id was given.

After a build: node dist/src/cli.js redrive`;

export const OPTIONS = {
  all: { type: "boolean" },
  cause: { type: "string" },
  id: { type: "string" },
  "dry-run": { type: "boolean" },
  limit: { type: "string", default: "20" },
} as const;

export const redrive = defineCommand({
  name: "redrive",
  help: HELP,
  options: OPTIONS,
  async run(context) {
    const { run } = await import("./redrive/run.ts");
    return run(context);
  },
});
