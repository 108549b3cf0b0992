import { statSync } from "node:fs";
import { resolve } from "node:path";
import { type RunContext, UsageError } from "../../lib/command.ts";
import { backupStore } from "../../store/open-store.ts";
import { DataFolderInUseError } from "../../store/sqlite-files.ts";
import { changesByTheApp, storeIn } from "../command-store.ts";

export async function run({ options, positionals, env, io }: RunContext): Promise<number> {
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
}
