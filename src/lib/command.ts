import { parseArgs } from "node:util";
import type { CommandIo } from "./command-io.ts";
import { describeError } from "./errors.ts";

/** The command was called in the wrong way: its message and the help on stderr, exit code 2. */
export class UsageError extends Error {}

export type Env = Record<string, string | undefined>;

export type Option = { type: "boolean" } | { type: "string"; multiple?: true; default?: string };

/** A boolean is false when it is not given, a list is empty, a text without default is undefined. */
export type OptionValues<Options extends Record<string, Option>> = {
  [Name in keyof Options]: Options[Name] extends { type: "boolean" }
    ? boolean
    : Options[Name] extends { multiple: true }
      ? string[]
      : Options[Name] extends { default: string }
        ? string
        : string | undefined;
};

/** Everything outside of it that a command reads and writes. */
export interface CommandContext {
  env: Env;
  io: CommandIo;
  /**
   * Aborted by the first SIGINT or SIGTERM. Only a command that reads it has to end by itself: until then a
   * signal ends the process at once, and so does another one, half a second or more after the first.
   */
  readonly signal: AbortSignal;
}

export interface Command {
  name: string;
  /** Runs with these arguments to the exit code, and throws nothing: 1 after trouble, 2 after wrong usage. */
  run(args: string[], context: CommandContext): Promise<number>;
}

/** In each command besides its own options. */
const COMMON = { json: { type: "boolean" }, help: { type: "boolean" } } as const;

/**
 * A command of this project, which takes `options`, `--json` and `--help`; the name of an option is as it
 * is typed. `run` answers the exit code. A UsageError that it throws is wrong usage, any other error is
 * trouble. `--help` reads no configuration.
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
  run(
    context: CommandContext & { options: OptionValues<Options & typeof COMMON>; positionals: string[] },
  ): Promise<number>;
}): Command {
  return {
    name,
    async run(args, context) {
      const { env, io } = context;
      try {
        const { values, positionals } = parse(args, { ...options, ...COMMON }, takesPositionals);
        if (values.help === true) {
          io.print(help);
          return 0;
        }
        return await run({
          options: values as OptionValues<Options & typeof COMMON>,
          positionals,
          env,
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
