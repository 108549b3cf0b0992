import { once } from "node:events";
import { rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Command, defineCommand } from "../../lib/command.ts";
import type { Paint } from "../../lib/command-io.ts";
import { createLog } from "../../lib/log.ts";
import type { Sandbox } from "../sandbox.ts";
import { DEV_DATA, DEV_HELP, DEV_OPTIONS } from "./dev-options.ts";
import { commandFor, devOrder } from "./dev-order.ts";
import { type DevProduct, openDev } from "./open-dev.ts";
import { choosePorts } from "./ports.ts";
import { readableLog } from "./readable-log.ts";
import { loadState, saveState } from "./state.ts";

/** The sandbox until a signal ends it. `watcher` is the process that restarts it with the same options. */
export function devOf({ watcher, ...product }: DevProduct & { watcher: number }): Command {
  return defineCommand({
    name: "dev",
    help: DEV_HELP,
    options: DEV_OPTIONS,
    async run({ options, env, io, signal }) {
      const { fresh, asked, dataDir } = devOrder(options, env);
      const stateFile = join(dataDir, "sandbox.json");
      const stored = loadState(stateFile);
      // A restart by the watcher keeps the state in spite of `--fresh`.
      const isRestart = stored?.watcher === watcher;
      const saved = fresh && !isRestart ? null : stored;
      if (saved === null && fresh) rmSync(dataDir, { recursive: true, force: true });
      const ports = await choosePorts(asked, isRestart ? stored.ports : undefined);
      const log = createLog({ level: "debug", destination: readableLog(io) });
      const sandbox = await openDev(product, { dataDir, ports, saved, env, log });
      try {
        io.print(welcome(sandbox, { ...product, command: commandFor(dataDir, env) }, io.paint));
        if (!signal.aborted) await once(signal, "abort");
      } finally {
        await sandbox.stop();
        saveState(stateFile, { ...stateOf(sandbox), watcher });
      }
      return 0;
    },
  });
}

function stateOf({ app, clock, novu, posthog, segment, actions }: Sandbox) {
  const port = (url: string) => Number(new URL(url).port);
  return {
    now: clock.now(),
    novu: novu.state,
    posthog: posthog.state,
    segment: segment.state,
    actions,
    ports: { app: port(app.url), posthog: port(posthog.url), novu: port(novu.url), segment: port(segment.url) },
  };
}

function welcome(
  { app, novu, config }: Sandbox,
  { samples, firstEvent, command }: DevProduct & { command: string },
  paint: Paint,
): string {
  const studio = `${app.url.replace("127.0.0.1", "localhost")}/studio`;
  const startsHere = (event: string) => app.events.includes(event);
  const example = Object.keys(samples.properties).find(startsHere) ?? app.events[0] ?? firstEvent.event;
  const data = resolve(config.dataDir) === resolve(DEV_DATA) ? "" : ` --data ${config.dataDir}`;
  return `
  ${paint("bold", "Look")}     ${paint("cyan", studio)}  the studio: runs, messages, people, and buttons to let days pass
           ${firstEmail()}
  ${paint("bold", "Type")}     npm run event -- ${example} --person grace${data}
           ${command} why -- --person ${firstEvent.distinctId}
           ${command} doctor     also plan, person, redrive and every other command
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
