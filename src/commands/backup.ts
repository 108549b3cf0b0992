import { defineCommand } from "../lib/command.ts";

const HELP = `npm run backup -- FILE [options]

Copies the SQLite store to a new file, complete and consistent. If the app is running, the app makes the
copy (called at 127.0.0.1 and PORT) and goes on accepting events; FILE is on its machine.
For PostgreSQL use pg_dump.

  --json     print one JSON object
  --help

To restore: stop the app, delete bridge.db, bridge.db-wal and bridge.db-shm in DATA_DIR, copy FILE there
as bridge.db, and start the app. The store then lacks the events since the backup: add them with
npm run reconcile.

Exit code: 0 done; 1 error; 2 wrong usage.

After a build: node dist/src/cli.js backup FILE`;

export const backup = defineCommand({
  name: "backup",
  help: HELP,
  options: {},
  takesPositionals: true,
  async run(context) {
    const { run } = await import("./backup/run.ts");
    return run(context);
  },
});
