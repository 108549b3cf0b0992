import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type RunContext, UsageError } from "../../lib/command.ts";
import { format } from "../format.ts";
import { LIST, withWorkflow } from "../list.ts";
import type { OPTIONS } from "../new.ts";
import { checkoutFacts } from "./checkout-facts.ts";
import { emailFile } from "./email-file.ts";
import { type Order, orderOf } from "./order.ts";
import { storyFile } from "./story-file.ts";
import { workflowFile } from "./workflow-file.ts";

type Files = Record<string, string>;

export async function run({ options, positionals, io }: RunContext<typeof OPTIONS>, root: string): Promise<number> {
  const [id, ...others] = positionals;
  if (id === undefined || others.length > 0)
    throw new UsageError(id === undefined ? "the id of the workflow is missing" : `${others[0]} is one id too many`);
  const order = orderOf(id, options, await checkoutFacts(root));
  const files = filesOf(order);
  assertNew(root, order, Object.keys(files));
  const list = withWorkflow(readFileSync(join(root, LIST), "utf8"), {
    variable: order.names.variable,
    file: `${id}.tsx`,
  });
  const isDryRun = options["dry-run"];
  if (!isDryRun) await write(root, files, list);
  const { topic } = order;
  const [next, added] = [nextCommands(order), Object.keys(files)];
  if (options.json) io.print(JSON.stringify({ isDryRun, added, changed: [LIST], topic, next }));
  else {
    io.print(report(added, next, isDryRun));
    if (topic !== null && options.topic === undefined) io.print(`\n${firstTopic(topic)}`);
  }
  return 0;
}

function firstTopic(topic: string): string {
  return `Its topic, from which people opt out, is "${topic}", the first in src/workflows/topics.ts: change it if another fits.`;
}

function filesOf(order: Order): Files {
  const { id } = order.names;
  const emails = order.messages.flatMap(({ email }) => email ?? []);
  return {
    ...Object.fromEntries(emails.map((email) => [`emails/${email.file}.tsx`, emailFile(email, order)])),
    [`src/workflows/${id}.tsx`]: workflowFile(order),
    [storyOf(id)]: storyFile(order),
  };
}

function storyOf(id: string): string {
  return `test/workflows/stories/${id}.test.ts`;
}

/** Throws for a file that exists, and for an id that another file has. */
function assertNew(root: string, { names: { id } }: Order, files: string[]): void {
  const taken = [...files, `src/workflows/${id}.ts`].find((file) => existsSync(join(root, file)));
  if (taken !== undefined) throw new Error(`${taken} exists already: take another id, or remove the file first`);
  const same = readdirSync(join(root, "src/workflows"), { encoding: "utf8" }).find(
    (file) =>
      /\.tsx?$/.test(file) &&
      new RegExp(`\\bid: ["'\`]${id}["'\`]`).test(readFileSync(join(root, "src/workflows", file), "utf8")),
  );
  if (same !== undefined) throw new Error(`src/workflows/${same} has the id "${id}" already: take another id`);
}

/** All of it, or nothing. */
async function write(root: string, files: Files, list: string): Promise<void> {
  const before = readFileSync(join(root, LIST), "utf8");
  const written: string[] = [];
  try {
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, file)), { recursive: true });
      writeFileSync(join(root, file), text, { flag: "wx" });
      written.push(file);
    }
    writeFileSync(join(root, LIST), list);
    await format(root, [...Object.keys(files), LIST]);
  } catch (error) {
    for (const file of written) rmSync(join(root, file));
    writeFileSync(join(root, LIST), before);
    throw error;
  }
}

function nextCommands({ names: { id }, on: [event = ""] }: Order): string[] {
  const quoted = /^[\w.-]+$/.test(event) ? event : `'${event.replaceAll("'", "'\\''")}'`;
  return [`npm test -- ${storyOf(id)}`, `npm run event -- ${quoted} --person ada`];
}

function report(files: string[], [test, event]: string[], isDryRun: boolean): string {
  return `${isDryRun ? "Would write" : "Wrote"}
${files.map((file) => `  ${file}`).join("\n")}
and ${isDryRun ? "would add" : "added"} a line and an import to ${LIST}.

Next: write its texts, and give its steps ids that say what they are: an id cannot change once people are in the
workflow. Then
  ${test}
  ${event}    beside npm run dev; the studio at the address that it prints shows the messages`;
}
