import { type Command, defineCommand } from "../lib/command.ts";
import type { LoadProduct } from "./load-product.ts";

const HELP = `npm run why -- --person ID [--workflow ID] [options]

Explains why a person got, or did not get, the messages of a workflow: the events that arrived, ignored
events, and every decision with the value behind it, in the order in which they happened. Run it beside the
app, with the same environment. It prints email addresses and phone numbers in full.

  --person ID     the distinct id at PostHog, or Segment's userId
  --workflow ID   only this workflow
  --json          print one JSON object, as /studio/api/why does
  --help

Exit code: 0 the store has data of the person; 1 it has none, or error; 2 wrong usage.

After a build: node dist/src/cli.js why`;

export const OPTIONS = { person: { type: "string" }, workflow: { type: "string" } } as const;

export const whyOf = (loadProduct: LoadProduct): Command =>
  defineCommand({
    name: "why",
    help: HELP,
    options: OPTIONS,
    async run(context) {
      const { run } = await import("./why/run.ts");
      return run(context, await loadProduct());
    },
  });
