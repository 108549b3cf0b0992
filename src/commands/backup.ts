import { statSync } from "node:fs";
import { resolve } from "node:path";
import { defineCommand, UsageError } from "../lib/command.ts";
import { backupStore } from "../store/open-store.ts";
import { DataFolderInUseError } from "../store/sqlite-files.ts";
import { changesByTheApp, storeIn } from "./command-store.ts";

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
  async run({ options, positionals, env, io }) {
    const [name, ...more] = positionals;
    if (name === undefined || name === "") throw new UsageError("the file to copy to is missing");
    if (more.length > 0) throw new UsageError("one file at a time");
    const file = resolve(name);
    const startedAt = io.uptimeMs();
    try {
      await backupStore(storeIn(env), file);
    } catch (error) {
      if (!(error instanceof DataFolderInUseError)) throw error;
      await changesByTheApp(env).backup(file);
    }
    const { size } = statSync(file);
    const seconds = (io.uptimeMs() - startedAt) / 1000;
    if (options.json) io.print(JSON.stringify({ file, bytes: size, seconds }));
    else io.print(`${file}: ${(size / 1024 / 1024).toFixed(1)} MB in ${seconds.toFixed(1)} s`);
    return 0;
  },
});
