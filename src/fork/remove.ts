import { fileURLToPath } from "node:url";
import { type Command, defineCommand } from "../lib/command.ts";
import { runAsMain } from "../lib/run-as-main.ts";

const HELP = `npm run remove -- ID [options]

Deletes a workflow's file, its story, the emails that nothing else uses, and its line in the list. Names what
remains and may be of no use.

  --force     also delete files with changes that are not committed
  --dry-run   print the files, and delete nothing
  --json      print one JSON object
  --help

Exit code: 0 done; 1 error, and nothing is deleted; 2 wrong usage.`;

export const OPTIONS = { force: { type: "boolean" }, "dry-run": { type: "boolean" } } as const;

/** The command for the checkout in `root`. */
export function removeOf({ root }: { root: string }): Command {
  return defineCommand({
    name: "remove",
    help: HELP,
    options: OPTIONS,
    takesPositionals: true,
    async run(context) {
      const { run } = await import("./remove/run.ts");
      return run(context, root);
    },
  });
}

await runAsMain(removeOf({ root: fileURLToPath(new URL("../../", import.meta.url)) }), import.meta.url);
