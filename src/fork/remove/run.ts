import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type RunContext, UsageError } from "../../lib/command.ts";
import { format } from "../format.ts";
import { gitIn, recordsIn } from "../git.ts";
import { LIST, withoutWorkflow } from "../list.ts";
import type { OPTIONS } from "../remove.ts";
import { findWorkflow } from "./find-workflow.ts";
import { remainsOf } from "./remains.ts";
import { sourcesIn } from "./sources.ts";

export async function run(
  { options: { force, json, "dry-run": isDryRun }, positionals: [id, ...others], io }: RunContext<typeof OPTIONS>,
  root: string,
): Promise<number> {
  if (id === undefined || others.length > 0) throw new UsageError("remove takes the id of one workflow");
  const sources = sourcesIn(root, ["src", "emails", "test"]);
  const removal = findWorkflow(id, sources);
  const { deleted, variable, file } = removal;
  const list = withoutWorkflow(readFileSync(join(root, LIST), "utf8"), {
    variable,
    file: file.path.slice("src/workflows/".length),
  });
  if (!force) await assertCommitted(root, deleted);
  const remains = remainsOf(removal, sources);
  if (!isDryRun) {
    for (const path of deleted) rmSync(join(root, path));
    writeFileSync(join(root, LIST), list);
    await format(root, [LIST]);
  }
  if (json) io.print(JSON.stringify({ isDryRun, deleted, changed: [LIST], remains }));
  else io.print(report({ id, deleted, remains, isDryRun }));
  return 0;
}

/** Throws for a file that git could not bring back. */
async function assertCommitted(root: string, files: string[]): Promise<void> {
  const changed = await gitIn(root)("status", "--porcelain", "-z", "--untracked-files=all", "--", ...files).catch(
    (error: unknown) => {
      throw new Error("git cannot bring the files back here; --force deletes them all the same", { cause: error });
    },
  );
  const names = recordsIn(changed).map((record) => record.slice("XY ".length));
  if (names.length > 0)
    throw new Error(`${names.join(", ")} has changes that are not committed: commit them, or delete them with --force`);
}

function report({
  id,
  deleted,
  remains,
  isDryRun,
}: {
  id: string;
  deleted: string[];
  remains: string[];
  isDryRun: boolean;
}): string {
  const ofNoUse = ["This remains, and may be of no use now:", ...remains.map((one) => `  ${one}`), ""];
  return [
    isDryRun ? "Would delete" : "Deleted",
    ...deleted.map((file) => `  ${file}`),
    `and ${isDryRun ? "would take" : "took"} ${id} out of ${LIST}.`,
    "",
    ...(remains.length > 0 ? ofNoUse : []),
    `The next sync deletes ${id} at Novu and ends its runs in progress: npm run plan, at your
Novu, prints how many there are. To lose no message, first read "Retiring a workflow" in
.github/guides/changing-a-workflow.md. A running npm run dev syncs at once.`,
    "Next: npm run typecheck && npm run unused && npm test",
  ].join("\n");
}
