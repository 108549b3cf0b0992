import { rmSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { paint, print, printError } from "../lib/command-io.ts";
import { describeError } from "../lib/errors.ts";
import { createLog } from "../lib/log.ts";
import { firstEvent, samples } from "../workflows/demo/samples.ts";
import { product } from "../workflows/product.ts";
import { SANDBOX_PORTS } from "./ports.ts";
import { readableLog } from "./readable-log.ts";
import { openSandbox, type Sandbox } from "./sandbox.ts";
import { loadState, type SavedState, saveState } from "./saved-state.ts";

const HELP = `npm run dev [-- options]

The app with a local PostHog, Segment and Novu; restarts when a file is saved.

  --fresh      start without the saved state of the sandbox
  --port N     the app's port (4000), with the studio at /studio; PostHog, Novu and Segment
               are at 4002, 4003 and 4004
  --data DIR   folder for its data (./.data/dev)
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
  const saved = savedState({ dataDir, stateFile, fresh });
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

/** null for a fresh start. A restart by `tsx watch` keeps the state although it gets `--fresh` again. */
function savedState({
  dataDir,
  stateFile,
  fresh,
}: {
  dataDir: string;
  stateFile: string;
  fresh: boolean;
}): SavedState | null {
  const state = loadState(stateFile);
  if (!fresh || state?.watcher === process.ppid) return state;
  rmSync(dataDir, { recursive: true, force: true });
  return null;
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
  // Under npm, Ctrl-C sends the signal twice. Without a handler the second one would end the process before it is saved.
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
