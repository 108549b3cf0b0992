import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CommandContext, RunContext } from "../../lib/command.ts";
import type { CommandIo } from "../../lib/command-io.ts";
import { openSandbox, type Sandbox, type SandboxOptions } from "../sandbox.ts";
import { planIn } from "../sandbox-settings.ts";
import type { OPTIONS } from "./demo-command.ts";
import type { DemoStory } from "./demo-story.ts";
import { htmlOf } from "./message-html.tsx";
import { type DemoResult, play } from "./play.ts";

/** The file names of messages. The demo deletes these files of an earlier demo, and no other file in the folder. */
const MESSAGE_FILE = /^\d\d-.+\.html$/;

const LOOK = { scene: "bold", sent: "green", "not sent": "yellow" } as const;

export interface Demo extends Pick<SandboxOptions, "product" | "samples"> {
  story: DemoStory;
}

export async function runDemo(context: RunContext<typeof OPTIONS>, demo: Demo): Promise<number> {
  try {
    return await playStory(demo, context.options, context);
  } catch (error) {
    throw new Error("the demo cannot run", { cause: error });
  }
}

async function playStory(
  { product, samples, story }: Demo,
  { out, json, stay, port }: RunContext<typeof OPTIONS>["options"],
  context: Pick<CommandContext, "env" | "io" | "signal">,
): Promise<number> {
  const { env, io } = context;
  const plan = planIn(env);
  const startedAt = performance.now();
  const dataDir = mkdtempSync(join(tmpdir(), "posthog-novu-bridge-demo-"));
  try {
    // Without --stay the app takes any free port, because another process may use the port in the options.
    const ports = { app: stay ? Number(port) : 0, posthog: 0, novu: 0, segment: 0 };
    const { startsAt: startAt, days } = story;
    await using sandbox = await openSandbox({ dataDir, product, samples, startAt, plan, ports });
    const { surprise, ...result } = await play(sandbox, story);
    const files = writeMessages(sandbox, out);
    const seconds = (performance.now() - startedAt) / 1000;
    const studioPort = stay ? new URL(sandbox.app.url).port : port;
    const why = surprise && {
      text: surprise.text,
      address: `http://localhost:${studioPort}/studio/runs/${encodeURIComponent(surprise.transactionId)}`,
    };

    if (json) io.print(JSON.stringify({ ...result, why, files, seconds }));
    else show({ ...result, why, files, out, days, seconds, stays: stay }, io);
    // The first read of `context.signal` installs the handler of Ctrl-C. Until then Ctrl-C ends the process at once.
    if (stay) await aborted(context.signal);
    return result.differences.length === 0 ? 0 : 1;
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

function writeMessages({ novu }: Sandbox, out: string): string[] {
  mkdirSync(out, { recursive: true });
  for (const name of readdirSync(out)) if (MESSAGE_FILE.test(name)) rmSync(join(out, name));
  return novu.state.messages.map((message, index) => {
    const file = join(out, `${String(index + 1).padStart(2, "0")}-${message.subscriberId}-${message.stepId}.html`);
    writeFileSync(file, htmlOf(message));
    return file;
  });
}

interface Shown extends Omit<DemoResult, "surprise"> {
  why: { text: string; address: string } | null;
  files: string[];
  out: string;
  days: number;
  seconds: number;
  stays: boolean;
}

function show(
  { timeline, leftOut, differences, why, files, out, days, seconds, stays }: Shown,
  { print, paint }: CommandIo,
): void {
  print();
  for (const { at, kind, text } of timeline)
    print(
      kind === "scene"
        ? `\n${paint(LOOK.scene, `${new Date(at).toISOString().slice(0, 16).replace("T", " ")}  ${text}`)}`
        : `  ${paint(LOOK[kind], text)}`,
    );
  print(`\n${days} days in ${seconds.toFixed(1)} s, ${files.length} messages in ${out}`);
  for (const workflow of leftOut)
    print(paint("yellow", `left out: the scenes of ${workflow}, which is not in src/workflows/index.ts`));
  if (differences.length === 0) print(paint("green", "All as the story expects."));
  else print(paint("red", `Not as the story expects:\n  ${differences.join("\n  ")}`));
  if (why !== null) print(`\n${why.text}:\n  ${paint("cyan", why.address)}`);
  print(stays ? "The studio is open until Ctrl-C." : "To open it:  npm run demo -- --stay");
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, "abort");
}
