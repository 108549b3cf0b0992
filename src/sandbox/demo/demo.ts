import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CommandContext, defineCommand, type OptionValues } from "../../lib/command.ts";
import type { CommandIo } from "../../lib/command-io.ts";
import { runAsMain } from "../../lib/run-as-main.ts";
import { STORY_DAYS, STORY_STARTS_AT } from "../../workflows/demo/story.ts";
import { product } from "../../workflows/product.ts";
import { SANDBOX_PORTS } from "../ports.ts";
import { openSandbox, type Sandbox } from "../sandbox.ts";
import { htmlOf } from "./message-html.tsx";
import { type Line, play } from "./play.ts";

const HELP = `npm run demo [-- options]

A fortnight for a handful of people, on a virtual clock and over real sockets, on Novu's Free plan.
Exits 1 when anything differs from what the story expects. The scenes of a workflow that is not in
src/workflows/index.ts are left out, and the demo says so.

  --out DIR   where the messages are written as HTML (./.data/demo)
  --stay      stay afterwards, with the studio open on all of it, until Ctrl-C
  --port N    where it stays (4000); 0 is any free port
  --json      print one JSON object
  --help`;

/** What an earlier demo wrote; nothing else in the folder is touched. */
const OURS = /^\d\d-.+\.html$/;

const LOOK = { act: "bold", sent: "green", "not sent": "yellow" } as const;

const OPTIONS = {
  out: { type: "string", default: "./.data/demo" },
  stay: { type: "boolean" },
  port: { type: "string", default: String(SANDBOX_PORTS.app) },
} as const;

export const demo = defineCommand({
  name: "demo",
  help: HELP,
  options: OPTIONS,
  async run(context) {
    try {
      return await playStory(context.options, context);
    } catch (error) {
      throw new Error("the demo cannot run", { cause: error });
    }
  },
});

async function playStory(
  { out, json, ...options }: OptionValues<typeof OPTIONS> & { json: boolean },
  context: Pick<CommandContext, "io" | "signal">,
): Promise<number> {
  const { io } = context;
  const startedAt = performance.now();
  const dataDir = mkdtempSync(join(tmpdir(), "posthog-novu-bridge-demo-"));
  try {
    // Nobody else may need the port while it only plays.
    const ports = { app: options.stay ? Number(options.port) : 0, posthog: 0, novu: 0, segment: 0 };
    await using sandbox = await openSandbox({ dataDir, product, startAt: STORY_STARTS_AT, plan: "free", ports });
    const { timeline, leftOut, differences, surprise } = await play(sandbox);
    const files = writeMessages(sandbox, out);
    const seconds = (performance.now() - startedAt) / 1000;

    const port = options.stay ? new URL(sandbox.app.url).port : options.port;
    const why = surprise && {
      says: surprise.says,
      address: `http://localhost:${port}/studio/runs/${encodeURIComponent(surprise.transactionId)}`,
    };

    if (json) io.print(JSON.stringify({ timeline, leftOut, differences, why, files, seconds }));
    else show({ timeline, leftOut, differences, why, files, out, seconds, stays: options.stay }, io);
    // Read here and not earlier: until the story is played, Ctrl-C ends the process at once.
    if (options.stay) await aborted(context.signal);
    return differences.length === 0 ? 0 : 1;
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, "abort");
}

function show(
  {
    timeline,
    leftOut,
    differences,
    why,
    files,
    out,
    seconds,
    stays,
  }: {
    timeline: Line[];
    leftOut: string[];
    differences: string[];
    why: { says: string; address: string } | null;
    files: string[];
    out: string;
    seconds: number;
    stays: boolean;
  },
  { print, paint }: CommandIo,
): void {
  print();
  for (const { at, kind, text } of timeline)
    print(
      kind === "act"
        ? `\n${paint(LOOK.act, `${new Date(at).toISOString().slice(0, 16).replace("T", " ")}  ${text}`)}`
        : `  ${paint(LOOK[kind], text)}`,
    );
  print(`\n${STORY_DAYS} days in ${seconds.toFixed(1)} s, ${files.length} messages in ${out}`);
  for (const workflow of leftOut)
    print(paint("yellow", `left out: the scenes of ${workflow}, which is not in src/workflows/index.ts`));
  if (differences.length === 0) print(paint("green", "All as the story expects."));
  else print(paint("red", `The story went another way:\n  ${differences.join("\n  ")}`));
  if (why !== null) print(`\n${why.says}:\n  ${paint("cyan", why.address)}`);
  print(stays ? "The studio is open until Ctrl-C." : "To open it:  npm run demo -- --stay");
}

function writeMessages({ novu }: Sandbox, out: string): string[] {
  mkdirSync(out, { recursive: true });
  for (const name of readdirSync(out)) if (OURS.test(name)) rmSync(join(out, name));
  return novu.state.messages.map((message, index) => {
    const file = join(out, `${String(index + 1).padStart(2, "0")}-${message.subscriberId}-${message.stepId}.html`);
    writeFileSync(file, htmlOf(message));
    return file;
  });
}

await runAsMain(demo, import.meta.url);
