import { parseArgs } from "node:util";
import type { CommandIo } from "./command-io.ts";
import { describeError } from "./errors.ts";

/** Wrong usage: the message and the help go to stderr, the exit code is 2. */
export class UsageError extends Error {}

export type Env = Record<string, string | undefined>;

export type Option = { type: "boolean" } | { type: "string"; multiple?: true; default?: string };

/** The values of options. An option that is not given is false, an empty list, its default, or undefined. */
export type OptionValues<Options extends Record<string, Option>> = {
  [Name in keyof Options]: Options[Name] extends { type: "boolean" }
    ? boolean
    : Options[Name] extends { multiple: true }
      ? string[]
      : Options[Name] extends { default: string }
        ? string
        : string | undefined;
};

/** The settings and the time of the app that a command works on. */
export interface Surroundings {
  env: Env;
  /** Milliseconds since 1970, which the sandbox's clock may be ahead of. Signatures need the real time. */
  now(): number;
}

/** Everything that a command reads and writes besides its arguments. */
export interface CommandContext extends Surroundings {
  io: CommandIo;
  /**
   * Aborted by the first SIGINT or SIGTERM. A command that reads `signal` has to end by itself. Before that, SIGINT and
   * SIGTERM end the process at once. A second signal, half a second or more after the first, always ends the process.
   */
  readonly signal: AbortSignal;
}

export interface Command {
  name: string;
  /**
   * Resolves to the exit code, and never throws: 1 after an error, 2 after wrong usage. `surroundings` is called only
   * for a command that runs; its notes go to stderr.
   */
  run(
    args: string[],
    context: Pick<CommandContext, "io" | "signal"> & {
      surroundings(): Promise<Surroundings & { notes: string[] }>;
    },
  ): Promise<number>;
}

/** Every command has these options. */
const COMMON = { json: { type: "boolean" }, help: { type: "boolean" } } as const;

type NoOptions = Record<never, Option>;

/** The argument of a command's `run`. */
export interface RunContext<Options extends Record<string, Option> = NoOptions> extends CommandContext {
  options: OptionValues<Options & typeof COMMON>;
  positionals: string[];
}

/**
 * Defines a command with its `options`, `--json` and `--help`. `run` imports the rest of the command, so that `--help`
 * answers at once, and returns the exit code; a thrown UsageError is wrong usage, any other error exits with 1. `--help`
 * reads no configuration.
 */
export function defineCommand<const Options extends Record<string, Option>>({
  name,
  help,
  options,
  takesPositionals = false,
  run,
}: {
  name: string;
  help: string;
  options: Options;
  takesPositionals?: boolean;
  run(context: RunContext<Options>): Promise<number>;
}): Command {
  return {
    name,
    async run(args, context) {
      const { io } = context;
      try {
        const { values, positionals } = parse(args, { ...options, ...COMMON }, takesPositionals);
        if (values.help === true) {
          io.print(help);
          return 0;
        }
        const { env, now, notes } = await context.surroundings();
        for (const note of notes) io.printError(note);
        return await run({
          options: values as OptionValues<Options & typeof COMMON>,
          positionals,
          env,
          now,
          io,
          get signal() {
            return context.signal;
          },
        });
      } catch (error) {
        io.printError(describeError(error));
        if (!(error instanceof UsageError)) return 1;
        io.printError(`\n${help}`);
        return 2;
      }
    },
  };
}

function parse(args: string[], options: Record<string, Option>, allowPositionals: boolean) {
  try {
    const { values, positionals } = parseArgs({ args, options, allowPositionals });
    const absent = Object.entries(options).map(([name, option]) => [name, valueWhenAbsent(option)]);
    return { values: { ...Object.fromEntries(absent), ...values }, positionals };
  } catch (error) {
    throw new UsageError(describeError(error));
  }
}

function valueWhenAbsent(option: Option): false | string[] | undefined {
  if (option.type === "boolean") return false;
  return option.multiple === true ? [] : undefined;
}
