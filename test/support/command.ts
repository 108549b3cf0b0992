import { Readable, Writable } from "node:stream";
import { COMMANDS, type CommandName } from "../../src/commands/index.ts";
import type { Command, Env } from "../../src/lib/command.ts";
import { type CommandIo, createCommandIo } from "../../src/lib/command-io.ts";
import type { Sandbox } from "../../src/sandbox/sandbox.ts";
import { environment } from "./app-process.ts";
import { testProduct } from "./product/product.ts";

/** The environment of a team with Segment and without PostHog. */
export const WITH_SEGMENT_ALONE = {
  POSTHOG_PROJECT_TOKEN: "",
  POSTHOG_PROJECT_ID: "",
  POSTHOG_PERSONAL_API_KEY: "",
  POSTHOG_WEBHOOK_SECRETS: "",
  SEGMENT_SECRETS: "a secret that Segment has as well",
};

export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
  /** Each pause of the command, in milliseconds; the tests skip them. */
  pausesMs: number[];
}

interface Surroundings {
  env?: Env;
  /** The text on standard input. */
  input?: string;
  isTerminal?: boolean;
  signal?: AbortSignal;
  now?: () => number;
}

/** Runs a command of src/commands in this process to its end, with the tests' product, beside the sandbox's app. */
export async function runCommand(
  sandbox: Sandbox,
  name: CommandName,
  options: string[],
  { env = {}, product = testProduct, ...rest }: Surroundings & { product?: typeof testProduct } = {},
): Promise<Ran> {
  const command = await COMMANDS[name](async () => product);
  const { port } = new URL(sandbox.app.url);
  return run(command, options, {
    ...rest,
    env: { ...environment(sandbox, sandbox.config.dataDir), PORT: port, ...env },
  });
}

/** Runs a command in this process to its end, with only this environment. */
export async function run(
  command: Command,
  args: string[],
  {
    env = {},
    input = "",
    isTerminal = false,
    signal = new AbortController().signal,
    now = Date.now,
  }: Surroundings = {},
): Promise<Ran> {
  const [stdout, stderr] = [collector(), collector()];
  const stdin = Object.assign(Readable.from([input]), { isTTY: isTerminal });
  const { pausesMs, ...time } = timeThatIsSkipped();
  const io = createCommandIo({ stdin, stdout, stderr }, time);
  const code = await command.run(args, { io, signal, surroundings: async () => ({ env, now, notes: [] }) });
  return { code, stdout: stdout.text(), stderr: stderr.text(), pausesMs };
}

function collector() {
  let text = "";
  const stream = new Writable({
    decodeStrings: false,
    write(chunk: string, _encoding, done) {
      text += chunk;
      done();
    },
  });
  return Object.assign(stream, { text: () => text });
}

/** Pauses that begin together end together. */
function timeThatIsSkipped(): Pick<CommandIo, "sleep" | "uptimeMs"> & { pausesMs: number[] } {
  const pausesMs: number[] = [];
  let skippedMs = 0;
  const uptimeMs = () => performance.now() + skippedMs;
  return {
    pausesMs,
    uptimeMs,
    async sleep(ms, signal) {
      pausesMs.push(ms);
      const endsAt = uptimeMs() + ms;
      await new Promise(setImmediate);
      signal?.throwIfAborted();
      skippedMs += Math.max(0, endsAt - uptimeMs());
    },
  };
}
