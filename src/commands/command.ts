import { describeError } from "../lib/errors.ts";
import { printError } from "../lib/terminal.ts";

/** It was asked for in the wrong way. */
export class UsageError extends Error {}

/** Runs a command to its exit code: what `main` answers, 2 with the help after wrong usage, 1 after trouble. */
export async function runCommand(help: string, main: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await main();
  } catch (error) {
    printError(describeError(error));
    if (error instanceof UsageError) printError(`\n${help}`);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  }
}
