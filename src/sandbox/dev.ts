import { rmSync } from "node:fs";
import { join } from "node:path";
import { Writable } from "node:stream";
import { parseArgs } from "node:util";
import { describeError } from "../lib/errors.ts";
import { createLog } from "../lib/log.ts";
import { paint, print, printError } from "../lib/terminal.ts";
import { product } from "../workflows/product.ts";
import { SANDBOX_PORTS } from "./ports.ts";
import { samplePersonProperties, sampleProperties } from "./samples.ts";
import { openSandbox } from "./sandbox.ts";
import { loadState, type SavedState, saveState } from "./saved-state.ts";

const HELP = `npm run dev [-- options]

The app with a local PostHog, Segment and Novu; restarts when a file is saved.

  --fresh      forget what the sandbox remembers
  --port N     the app's port (4000), with the studio at /studio; PostHog, Novu and Segment
               are at 4002, 4003 and 4004
  --data DIR   where it keeps its data (./.data/dev)
  --help`;

/** The first scene; a workflow of yours may listen to something else. */
const FIRST_EVENT = "user_signed_up";
const FIRST_PERSON = "ada";
/** The examples that are printed, the best first. */
const EXAMPLE_EVENTS = ["checkout_started", FIRST_EVENT];

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
  const saved = loadIfWanted();
  const sandbox = await openSandbox({
    dataDir,
    product,
    startAt: Math.max(saved?.now ?? 0, Date.now()),
    flowing: true,
    ports: { ...SANDBOX_PORTS, app: port },
    log: createLog({ level: "debug", destination: readable() }),
    novuState: saved?.novu,
    posthogState: saved?.posthog,
    segmentState: saved?.segment,
    acts: saved?.acts,
  });

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
      acts: sandbox.acts,
      watcher: process.ppid,
    });
  };
  // Under npm, Ctrl-C sends the signal twice. Without a handler the second one would end the process before it is saved.
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, stop);

  if (saved === null) {
    sandbox.posthog.capture({
      event: FIRST_EVENT,
      distinctId: FIRST_PERSON,
      properties: { ...sampleProperties(FIRST_EVENT), $set: samplePersonProperties(FIRST_PERSON) },
    });
    await sandbox.settled();
  }
  const message = sandbox.novu.state.messages.find(({ channel }) => channel === "email");
  const studio = `http://localhost:${port}/studio`;
  print(`
  ${paint("bold", "Look")}     ${paint("cyan", studio)}  the studio: runs, messages, people, and buttons to let days pass
           ${firstScene()}
  ${paint("bold", "Type")}     npm run event -- ${exampleEvent()} --person grace
           npm run emails        the previewer of all emails
           npm run demo          a fortnight in a few seconds
  ${paint("bold", "Edit")}     src/workflows, emails: saving restarts it, and the story goes on
`);

  function firstScene(): string {
    if (message !== undefined)
      return `${paint("cyan", `${studio}/messages/${message.id}`)}  the first email, to ${message.subscriberId}`;
    return sandbox.app.events.includes(FIRST_EVENT)
      ? "no email was sent yet"
      : `no email yet: no workflow listens to ${FIRST_EVENT}, which ${FIRST_PERSON} did first`;
  }

  /** One that starts a workflow here. */
  function exampleEvent(): string {
    const { events } = sandbox.app;
    return EXAMPLE_EVENTS.find((event) => events.includes(event)) ?? events[0] ?? FIRST_EVENT;
  }

  /** A restart for a saved file, by the same watcher, goes on with the story although it too is told to forget. */
  function loadIfWanted(): SavedState | null {
    const state = loadState(stateFile);
    if (!fresh || state?.watcher === process.ppid) return state;
    rmSync(dataDir, { recursive: true, force: true });
    return null;
  }
}

/** Log lines as one would want to read them: time, stop, then the facts. */
function readable(): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      for (const line of chunk.toString("utf8").trimEnd().split("\n")) {
        const { level, time, stop, ...facts } = JSON.parse(line) as { level: number; time: string; stop?: string };
        const text = Object.entries(facts).flatMap(([name, value]) =>
          value === null || value === undefined
            ? []
            : [`${paint("dim", `${name}=`)}${typeof value === "string" ? value : JSON.stringify(value)}`],
        );
        print(
          `${paint("dim", time.slice(11, 19))} ${paint(level >= 40 ? "yellow" : "green", (stop ?? "").padEnd(9))} ${text.join(" ")}`,
        );
      }
      done();
    },
  });
}
