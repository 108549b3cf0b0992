import { parseArgs } from "node:util";
import { describeError } from "../lib/errors.ts";
import { paint, print } from "../lib/terminal.ts";
import { type Chain, explain, type Link } from "../studio/why.ts";
import { workflows } from "../workflows/index.ts";
import { besideTheApp } from "./beside-the-app.ts";
import { runCommand, UsageError } from "./command.ts";

const HELP = `npm run why -- --person ID [--workflow ID] [options]

Says why a person did, or did not, get what a workflow sends: the events that came in, what was set
aside, and every decision with the value that decided it, in the order they happened. It runs beside
the app and with the same environment, and shows addresses as they are.

  --person ID     the distinct id, as PostHog has it, or Segment's userId
  --workflow ID   of this workflow only
  --json          print one JSON object, as /studio/api/why has it
  --help

Exit code: 0 something is known of the person; 1 nothing is, or trouble; 2 wrong usage.

After a build: node dist/src/commands/why.js`;

/** What a name from outside could steer a terminal by. */
const CONTROL = /\p{Cc}/gu;
const STYLES = { good: "green", bad: "red", warn: "yellow", info: "blue", quiet: "dim" } as const;

interface Order {
  person: string;
  workflow: string | undefined;
  json: boolean;
}

await runCommand(HELP, main);

async function main(): Promise<number> {
  const order = readOrder();
  if (order === null) {
    print(HELP);
    return 0;
  }
  const { person, workflow, json } = order;
  const history = await besideTheApp((store) => store.history({ distinctId: person, workflow }));
  const startedBy = workflows.find(({ id }) => id === workflow)?.events ?? [];
  const chain = explain(history, { person, workflow, startedBy: [...new Set(startedBy)] });
  print(json ? JSON.stringify(chain) : textOf(chain));
  return chain.isKnown ? 0 : 1;
}

function textOf({ answer, links }: Chain): string {
  return [clean(answer), ...(links.length > 0 ? [""] : []), ...links.map(lineOf)].join("\n");
}

function lineOf({ at, tone, label, sentence, value }: Link): string {
  const line = `${at.slice(0, 19).replace("T", " ")}  ${paint(STYLES[tone], clean(label).padEnd(20))}  ${clean(sentence)}`;
  return value === null ? line : `${line}\n${" ".repeat(43)}${paint("dim", clean(value))}`;
}

function clean(text: string): string {
  return text.replace(CONTROL, "\uFFFD");
}

function readOrder(): Order | null {
  const { person, workflow, json = false, help } = readOptions();
  if (help === true) return null;
  if (person === undefined || person === "") throw new UsageError("--person is missing");
  return { person, workflow, json };
}

function readOptions() {
  try {
    return parseArgs({
      options: {
        person: { type: "string" },
        workflow: { type: "string" },
        json: { type: "boolean" },
        help: { type: "boolean" },
      },
    }).values;
  } catch (error) {
    throw new UsageError(describeError(error));
  }
}
