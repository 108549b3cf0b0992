import { fileURLToPath } from "node:url";
import { type Command, defineCommand } from "../lib/command.ts";
import { runAsMain } from "../lib/run-as-main.ts";
import type { Npm } from "./npm.ts";
import { OWN_PATHS } from "./own-paths.ts";

const HELP = `npm run upgrade -- [--to TAG] [options]

Brings this fork to a later release of the repository that it comes from, on a branch of its own. The version in
package.json is the release that the fork comes from. git needs the remote "upstream"; a common history with
it is not needed. It never changes your files: ${OWN_PATHS.join(", ")}.
In src/workflows, README.md and AGENTS.md are ours. package.json is merged key by key.

  --to TAG      the release, such as v0.2.0 (the newest)
  --no-checks   run no npm run typecheck, lint and test afterwards
  --dry-run     fetch the release, print the files, and change nothing
  --json        print one JSON object
  --help

Exit code: 0 done, or this is the newest; 1 error, or conflicts, which the files show; 2 wrong usage;
3 committed, but a check fails.`;

export const OPTIONS = {
  to: { type: "string" },
  "no-checks": { type: "boolean" },
  "dry-run": { type: "boolean" },
} as const;

/** The command for the checkout in `root`. */
export function upgradeOf({ root, npm }: { root: string; npm?: Npm }): Command {
  return defineCommand({
    name: "upgrade",
    help: HELP,
    options: OPTIONS,
    async run(context) {
      const { run } = await import("./upgrade/run.ts");
      return run(context, { root, npm });
    },
  });
}

await runAsMain(upgradeOf({ root: fileURLToPath(new URL("../../", import.meta.url)) }), import.meta.url);
