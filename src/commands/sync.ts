import { type Command, defineCommand } from "../lib/command.ts";
import type { LoadProduct } from "./load-product.ts";
import { NOVU_CLI } from "./sync/novu-cli-version.ts";

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

export const OPTIONS = {
  "allow-removals": { type: "string", default: "" },
  revision: { type: "string" },
  wait: { type: "string", default: "0" },
  "dry-run": { type: "boolean" },
} as const;

export const syncOf = (loadProduct: LoadProduct): Command =>
  defineCommand({
    name: "sync",
    help: HELP,
    options: OPTIONS,
    async run(context) {
      const { run } = await import("./sync/run.ts");
      return run(context, await loadProduct());
    },
  });
