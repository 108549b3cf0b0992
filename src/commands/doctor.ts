import { type Command, defineCommand } from "../lib/command.ts";
import type { LoadProduct } from "./load-product.ts";

const HELP = `npm run doctor -- [options]

Checks everything that a message needs, changes nothing, and prints how to fix each error: the
configuration, the store, PostHog and its destination, Segment and its profiles, the events and their
properties, Novu with its integrations and workflows, the running app as others reach it, the clocks, and
signatures from end to end. Run it where the app runs, with the same environment.

  --json     print one JSON object
  --help

Exit code: 0 no error, though there may be warnings (!); 1 errors; 2 wrong usage.

After a build: node dist/src/cli.js doctor`;

export const doctorOf = (loadProduct: LoadProduct): Command =>
  defineCommand({
    name: "doctor",
    help: HELP,
    options: {},
    async run(context) {
      const { run } = await import("./doctor/run.ts");
      return run(context, await loadProduct());
    },
  });
