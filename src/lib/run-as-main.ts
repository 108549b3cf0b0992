import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type { Command, Env } from "./command.ts";
import { createCommandIo } from "./command-io.ts";
import { withEnvFile } from "./env-file.ts";

/** Completes this process's environment, such as with the settings of the env file. */
type Surround = (env: Env) => ReturnType<Parameters<Command["run"]>[1]["surroundings"]>;

const ofEnvFile: Surround = async (env) => ({ env: withEnvFile(env), now: Date.now, notes: [] });

/** Runs the command if its file was started as the process; does nothing if the file was imported. */
export async function runAsMain(command: Command, moduleUrl: string, surround?: Surround): Promise<void> {
  if (isMain(moduleUrl)) await runAsProcess(command, process.argv.slice(2), surround);
}

/** Runs a command with this process's environment, terminal and signals, and sets its exit code. */
export async function runAsProcess(command: Command, args: string[], surround = ofEnvFile): Promise<void> {
  let interrupted: AbortSignal | undefined;
  process.exitCode = await command.run(args, {
    surroundings: () => surround(process.env),
    io: createCommandIo(process),
    get signal() {
      interrupted ??= firstSignal();
      return interrupted;
    },
  });
}

/** Resolves the started file as Node does: through symlinks, and without its extension. */
function isMain(moduleUrl: string): boolean {
  const [, started] = process.argv;
  if (started === undefined) return false;
  try {
    const file = fileURLToPath(moduleUrl);
    return createRequire(moduleUrl).resolve(started) === createRequire(moduleUrl).resolve(file);
  } catch {
    return false;
  }
}

/** Under npm, one Ctrl-C arrives twice within milliseconds: from the terminal and from npm. */
const ONE_INTERRUPTION_MS = 500;

/** Aborted by the first signal; a later one ends the process. */
function firstSignal(): AbortSignal {
  const controller = new AbortController();
  const signals = ["SIGINT", "SIGTERM"] as const;
  let interruptedAt = Number.POSITIVE_INFINITY;
  const interrupt = (signal: NodeJS.Signals) => {
    if (!controller.signal.aborted) {
      interruptedAt = performance.now();
      controller.abort(new Error("interrupted"));
    } else if (performance.now() - interruptedAt > ONE_INTERRUPTION_MS) {
      for (const one of signals) process.off(one, interrupt);
      process.kill(process.pid, signal);
    }
  };
  for (const signal of signals) process.on(signal, interrupt);
  return controller.signal;
}
