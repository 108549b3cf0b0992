import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type { Command } from "./command.ts";
import { createCommandIo } from "./command-io.ts";

/** Runs a command as the process that was started with its file; does nothing where the file is only imported. */
export async function runAsMain(command: Command, moduleUrl: string): Promise<void> {
  if (isMain(moduleUrl)) await runAsProcess(command, process.argv.slice(2));
}

/** Runs a command with the environment, the terminal and the signals of this process, whose exit code it sets. */
export async function runAsProcess(command: Command, args: string[]): Promise<void> {
  let interruption: AbortSignal | undefined;
  process.exitCode = await command.run(args, {
    env: process.env,
    io: createCommandIo(process),
    get signal() {
      interruption ??= firstSignal();
      return interruption;
    },
  });
}

/** Finds the started file as Node does: through symlinks, and without its ending. */
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

/** Under npm one Ctrl-C sends the signal twice, some milliseconds apart: from the terminal, and from npm. */
const ONE_INTERRUPTION_MS = 500;

/** Aborts at the first signal; another one, later than that, ends the process. */
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
