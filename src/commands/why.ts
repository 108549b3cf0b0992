import type { Product } from "../contracts/product.ts";
import type { LifecycleWorkflow } from "../engine/lifecycle.ts";
import { explain } from "../explain/explain.ts";
import type { Chain, ChainLink } from "../explain/explanation.ts";
import { type Command, defineCommand, UsageError } from "../lib/command.ts";
import { type Paint, printable } from "../lib/command-io.ts";
import { storeIn, withStoreToRead } from "./command-store.ts";

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

const STYLES = { good: "green", bad: "red", warn: "yellow", info: "blue", quiet: "dim" } as const;

export const whyOf = ({ workflows }: Pick<Product<LifecycleWorkflow>, "workflows">): Command =>
  defineCommand({
    name: "why",
    help: HELP,
    options: { person: { type: "string" }, workflow: { type: "string" } },
    async run({ options: { person, workflow, json }, env, now, io }) {
      if (person === undefined || person === "") throw new UsageError("--person is missing");
      const history = await withStoreToRead({ ...storeIn(env), now }, (store) =>
        store.runs.history({ distinctId: person, workflow }),
      );
      const chain = explain(history, { person, workflow, workflows });
      io.print(json ? JSON.stringify(chain) : textOf(chain, io.paint));
      return chain.isKnown ? 0 : 1;
    },
  });

function textOf({ answer, links }: Chain, paint: Paint): string {
  return [printable(answer), ...(links.length > 0 ? [""] : []), ...links.map((link) => lineOf(link, paint))].join("\n");
}

function lineOf({ at, tone, label, sentence, value, note }: ChainLink, paint: Paint): string {
  const line = `${at.slice(0, 19).replace("T", " ")}  ${paint(STYLES[tone], printable(label).padEnd(20))}  ${printable(sentence)}`;
  const below = [value, note].flatMap((text) => (text === null ? [] : [text]));
  return [line, ...below.map((text) => `${" ".repeat(43)}${paint("dim", printable(text))}`)].join("\n");
}
