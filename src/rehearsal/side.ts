import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { z } from "zod";
import { Channel } from "../contracts/channel.ts";
import type { Env } from "../lib/command.ts";
import { SECOND_MS } from "../lib/durations.ts";
import { linesIn } from "../lib/lines.ts";
import { PersonOutcome, type SideFacts, STORE } from "./outcome.ts";
import type { ShardMessage } from "./run-shard.ts";
import type { ShardFacts, ShardOrder } from "./shard.ts";

/** A checkout whose workflows are rehearsed. */
export interface Checkout {
  /** A git ref, or "the working tree". */
  ref: string;
  folder: string;
}

export interface SideOrder extends Omit<z.input<typeof ShardOrder>, "file" | "outcomes" | "dataDir"> {
  /** One history file for each process. */
  files: string[];
  /** The folder for the outcomes and the stores. */
  folder: string;
}

/** Where the processes of a side are: the earliest time up to which all is played, and the events so far. */
export interface Progress {
  at: number;
  events: number;
}

/** The outcome files of a side, each in the order of the persons' ids. */
export interface PlayedSide {
  facts: Omit<SideFacts, "limits">;
  outcomes: string[];
  /** The data folder of each process, with its store. */
  stores: string[];
}

/** Fewer collections of garbage: most objects of a rehearsal are garbage at once. */
const NODE_FLAGS = ["--max-semi-space-size=64", "--import", "tsx"];
/** The variables that a process needs from the system. It gets no setting and no secret. */
const PASSED_ON = ["PATH", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "HOME", "USERPROFILE", "APPDATA"];
const RUN_SHARD = join("src", "rehearsal", "run-shard.ts");

/** Plays a history with the workflows of a checkout, in one process for each file. Throws if a process fails. */
export async function playSide(
  { ref, folder: root }: Checkout,
  { files, folder, ...order }: SideOrder,
  { env, signal, onProgress }: { env: Env; signal: AbortSignal; onProgress(progress: Progress): void },
): Promise<PlayedSide> {
  const startedAt = performance.now();
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const now = files.map((): Progress => ({ at: order.from, events: 0 }));
  const outcomes = files.map((_, index) => join(folder, `people.${index + 1}.jsonl`));
  const dataDirs = files.map((_, index) => join(folder, `data.${index + 1}`));
  const facts = await Promise.all(
    files.map((file, index) =>
      runShard(root, {
        order: { ...order, file, outcomes: outcomes[index] ?? "", dataDir: dataDirs[index] ?? "" },
        env,
        signal,
        onProgress(progress) {
          now[index] = progress;
          onProgress({
            at: Math.min(...now.map(({ at }) => at)),
            events: now.reduce((sum, { events }) => sum + events, 0),
          });
        },
      }),
    ),
  );
  const seconds = (performance.now() - startedAt) / SECOND_MS;
  return {
    facts: { ref, from: order.from, until: order.until, seconds, ...sumOf(facts) },
    outcomes,
    stores: dataDirs.map((dataDir) => join(dataDir, STORE)),
  };
}

/** Resolves to the facts of one process. */
async function runShard(
  root: string,
  {
    order,
    env,
    signal,
    onProgress,
  }: { order: z.input<typeof ShardOrder>; env: Env; signal: AbortSignal; onProgress(progress: Progress): void },
): Promise<ShardFacts> {
  const { child, stop } = startShard(root, { env, signal });
  try {
    return await factsFrom(child, order, onProgress);
  } finally {
    stop();
    signal.throwIfAborted();
  }
}

/**
 * Plays a small history, and keeps the studio of its sandbox open until `stop` is called. Resolves to the address of
 * the studio.
 */
export async function openStudio(
  { ref, folder: root }: Checkout,
  order: z.input<typeof ShardOrder>,
  { env, signal }: { env: Env; signal: AbortSignal },
): Promise<{ url: string; stop(): void }> {
  const { child, stop } = startShard(root, { env, signal });
  const url = new Promise<string>((resolve) => {
    child.on("message", (message: ShardMessage) => {
      if ("studio" in message) resolve(message.studio);
    });
  });
  // Without a studio, the process ends with an error.
  const ended = factsFrom(child, order, () => {}).then((): never => {
    throw new Error(`no studio opens for ${ref}; is this commit older than --stay?`);
  });
  try {
    return { url: await Promise.race([url, ended]), stop };
  } catch (error) {
    stop();
    throw error;
  } finally {
    ended.catch(() => {});
  }
}

function startShard(root: string, { env, signal }: { env: Env; signal: AbortSignal }) {
  signal.throwIfAborted();
  const passed = Object.fromEntries(PASSED_ON.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
  const child = fork(join(root, RUN_SHARD), {
    cwd: root,
    execArgv: NODE_FLAGS,
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    // React's production build takes half the time.
    env: { ...passed, NODE_ENV: "production", TZ: "UTC" },
  });
  const kill = () => void child.kill("SIGKILL");
  signal.addEventListener("abort", kill);
  return {
    child,
    stop() {
      signal.removeEventListener("abort", kill);
      kill();
    },
  };
}

async function factsFrom(
  child: ChildProcess,
  order: z.input<typeof ShardOrder>,
  onProgress: (progress: Progress) => void,
): Promise<ShardFacts> {
  let last: ShardMessage | null = null;
  let errors = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    errors = `${errors}${chunk.toString("utf8")}`.slice(-2_000);
  });
  child.on("message", (message: ShardMessage) => {
    last = message;
    if ("at" in message) onProgress(message);
  });
  child.send(order);
  await once(child, "exit");
  const end = last as ShardMessage | null;
  if (end !== null && "facts" in end) return end.facts;
  throw new Error(
    end !== null && "error" in end ? end.error : `a process of the rehearsal ended early: ${errors.trim()}`,
  );
}

function sumOf(all: ShardFacts[]): Pick<SideFacts, "events" | "ignored" | "people" | "memory" | "workflows"> {
  const ignored: Record<string, number> = {};
  for (const [reason, count] of all.flatMap((one) => Object.entries(one.ignored)))
    ignored[reason] = (ignored[reason] ?? 0) + count;
  const sum = (of: (facts: ShardFacts) => number) => all.reduce((total, one) => total + of(one), 0);
  return {
    ignored,
    events: sum(({ events }) => events),
    people: sum(({ people }) => people),
    memory: sum(({ memory }) => memory),
    workflows: (all[0]?.workflows ?? []).map(({ id, messages }) => ({
      id,
      messages: messages.flatMap(({ step, channel }) => {
        const known = Channel.safeParse(channel);
        return known.success ? [{ step, channel: known.data }] : [];
      }),
    })),
  };
}

/** The people in an outcome file, in the order of their ids. */
export async function* readOutcomes(file: string): AsyncGenerator<PersonOutcome> {
  for await (const lines of linesIn(createReadStream(file)))
    for (const { text } of lines) yield PersonOutcome.parse(JSON.parse(text ?? ""));
}
