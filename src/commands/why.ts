import { readConfig } from "../config.ts";
import type { Product } from "../contracts/product.ts";
import type { LifecycleWorkflow } from "../engine/lifecycle.ts";
import { explain } from "../explain/explain.ts";
import type { Chain, ChainLink } from "../explain/explanation.ts";
import { type Command, defineCommand, UsageError } from "../lib/command.ts";
import type { Paint } from "../lib/command-io.ts";
import { withStoreOfTheApp } from "./store-of-the-app.ts";

const HELP = `npm run why -- --person ID [--workflow ID] [options]

Says why a person did, or did not, get what a workflow sends: the events that came in, what was set
aside, and every decision with the value that decided it, in the order they happened. It runs beside
the app and with the same environment, and shows addresses as they are.

  --person ID     the distinct id, as PostHog has it, or Segment's userId
  --workflow ID   of this workflow only
  --json          print one JSON object, as /studio/api/why has it
  --help

Exit code: 0 something is known of the person; 1 nothing is, or trouble; 2 wrong usage.

After a build: node dist/src/cli.js why`;

/** What a name from outside could steer a terminal by. */
const CONTROL = /\p{Cc}/gu;
const STYLES = { good: "green", bad: "red", warn: "yellow", info: "blue", quiet: "dim" } as const;

/** The command for a product. */
export const whyOf = ({ workflows }: Pick<Product<LifecycleWorkflow>, "workflows">): Command =>
  defineCommand({
    name: "why",
    help: HELP,
    options: { person: { type: "string" }, workflow: { type: "string" } },
    async run({ options: { person, workflow, json }, env, io }) {
      if (person === undefined || person === "") throw new UsageError("--person is missing");
      const history = await withStoreOfTheApp(readConfig(env), (store) =>
        store.runs.history({ distinctId: person, workflow }),
      );
      const chain = explain(history, { person, workflow, workflows });
      io.print(json ? JSON.stringify(chain) : textOf(chain, io.paint));
      return chain.isKnown ? 0 : 1;
    },
  });

function textOf({ answer, links }: Chain, paint: Paint): string {
  return [clean(answer), ...(links.length > 0 ? [""] : []), ...links.map((link) => lineOf(link, paint))].join("\n");
}

function lineOf({ at, tone, label, sentence, value, note }: ChainLink, paint: Paint): string {
  const line = `${at.slice(0, 19).replace("T", " ")}  ${paint(STYLES[tone], clean(label).padEnd(20))}  ${clean(sentence)}`;
  const below = [value, note].flatMap((text) => (text === null ? [] : [text]));
  return [line, ...below.map((text) => `${" ".repeat(43)}${paint("dim", clean(text))}`)].join("\n");
}

function clean(text: string): string {
  return text.replace(CONTROL, "\uFFFD");
}
