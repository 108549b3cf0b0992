import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Writable } from "node:stream";
import { parseArgs } from "node:util";
import { paint, print, printError } from "../lib/command-io.ts";
import { describeError } from "../lib/errors.ts";
import { createLog } from "../lib/log.ts";
import { firstEvent, samples } from "../workflows/demo/samples.ts";
import { product } from "../workflows/product.ts";
import { SANDBOX_PORTS } from "./local-config.ts";
import type { NovuState } from "./local-novu/state.ts";
import type { PostHogState } from "./local-posthog/state.ts";
import type { SegmentState } from "./local-segment/state.ts";
import { openSandbox, type Sandbox } from "./sandbox.ts";
import type { Action } from "./story-export.ts";

const HELP = `npm run dev [-- options]

The app with a local PostHog, Segment and Novu; restarts when a file is saved.

  --fresh      start without the saved state of the sandbox
  --port N     the app's port (4000), with the studio at /studio; PostHog, Novu and Segment
               are at 4002, 4003 and 4004
  --data DIR   folder for the data of the app and the sandbox (./.data/dev)
  --help`;

try {
  const { values } = parseArgs({
    options: {
      fresh: { type: "boolean" },
      port: { type: "string", default: String(SANDBOX_PORTS.app) },
      data: { type: "string", default: "./.data/dev" },
      help: { type: "boolean" },
    },
  });
  if (values.help) print(HELP);
  else await dev({ dataDir: values.data, port: Number(values.port), fresh: values.fresh ?? false });
} catch (error) {
  printError(`the sandbox cannot start: ${describeError(error)}`);
  process.exitCode = 1;
}

async function dev({ dataDir, port, fresh }: { dataDir: string; port: number; fresh: boolean }): Promise<void> {
  const stateFile = join(dataDir, "sandbox.json");
  const stored = loadState(stateFile);
  // `tsx watch` restarts this process with the same options. Such a restart keeps the state in spite of `--fresh`.
  const isFresh = fresh && stored?.watcher !== process.ppid;
  if (isFresh) rmSync(dataDir, { recursive: true, force: true });
  const saved = isFresh ? null : stored;
  const sandbox = await openSandbox({
    dataDir,
    product,
    samples,
    startAt: Math.max(saved?.now ?? 0, Date.now()),
    flowing: true,
    ports: { ...SANDBOX_PORTS, app: port },
    log: createLog({ level: "debug", destination: readableLog(print) }),
    novuState: saved?.novu,
    posthogState: saved?.posthog,
    segmentState: saved?.segment,
    actions: saved?.actions,
  });
  stopOnSignal(sandbox, stateFile);

  if (saved === null) {
    const { event, distinctId } = firstEvent;
    const properties = { ...samples.properties[event], $set: samples.person(distinctId) };
    sandbox.posthog.capture({ event, distinctId, properties });
    await sandbox.settled();
  }
  print(welcome(sandbox, `http://localhost:${port}/studio`));
}

function stopOnSignal(sandbox: Sandbox, stateFile: string): void {
  let isStopping = false;
  const stop = async () => {
    if (isStopping) return;
    isStopping = true;
    await sandbox.stop();
    saveState(stateFile, {
      now: sandbox.clock.now(),
      novu: sandbox.novu.state,
      posthog: sandbox.posthog.state,
      segment: sandbox.segment.state,
      actions: sandbox.actions,
      watcher: process.ppid,
    });
  };
  // Under npm, Ctrl-C sends the signal twice. With `once` the second signal would end the process before the state is
  // saved.
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, stop);
}

function welcome({ app, novu }: Sandbox, studio: string): string {
  const startsHere = (event: string) => app.events.includes(event);
  const example = Object.keys(samples.properties).find(startsHere) ?? app.events[0] ?? firstEvent.event;
  return `
  ${paint("bold", "Look")}     ${paint("cyan", studio)}  the studio: runs, messages, people, and buttons to let days pass
           ${firstEmail()}
  ${paint("bold", "Type")}     npm run event -- ${example} --person grace
           npm run emails        the previewer of all emails
           npm run demo          two weeks in a few seconds
  ${paint("bold", "Edit")}     src/workflows, emails: a saved file restarts the app, and the sandbox keeps its state
`;

  function firstEmail(): string {
    const email = novu.state.messages.find(({ channel }) => channel === "email");
    if (email !== undefined)
      return `${paint("cyan", `${studio}/messages/${email.id}`)}  the first email, to ${email.subscriberId}`;
    return startsHere(firstEvent.event)
      ? "no email was sent yet"
      : `no email yet: no workflow uses ${firstEvent.event}, the first event of ${firstEvent.distinctId}`;
  }
}

/** The state that survives a restart of `npm run dev`. */
export interface SavedState {
  now: number;
  novu: NovuState;
  posthog: PostHogState;
  segment: SegmentState;
  actions: Action[];
  /** The process id of `tsx watch`, which restarts the sandbox. */
  watcher: number;
}

/** null if the file is missing or cannot be read. */
export function loadState(file: string): SavedState | null {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as SavedState;
  } catch {
    return null;
  }
}

export function saveState(file: string, state: SavedState): void {
  mkdirSync(dirname(file), { recursive: true });
  // If the process is killed before the rename, the old file stays.
  writeFileSync(`${file}.new`, JSON.stringify(state));
  renameSync(`${file}.new`, file);
}

/** Prints each JSON log line as text: the time, the component, then every other field as name=value. */
export function readableLog(print: (line: string) => void): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      for (const line of chunk.toString("utf8").trimEnd().split("\n")) print(readable(line));
      done();
    },
  });
}

function readable(line: string): string {
  const { level, time, component = "", ...rest } = JSON.parse(line) as LogLine;
  const text = Object.entries(rest).flatMap(([name, value]) =>
    value === null || value === undefined
      ? []
      : [`${paint("dim", `${name}=`)}${typeof value === "string" ? value : JSON.stringify(value)}`],
  );
  return `${paint("dim", time.slice(11, 19))} ${paint(level >= 40 ? "yellow" : "green", component.padEnd(9))} ${text.join(" ")}`;
}

interface LogLine {
  level: number;
  time: string;
  component?: string;
}
