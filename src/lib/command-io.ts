import { once } from "node:events";
import { createInterface } from "node:readline/promises";
import type { Readable, Writable } from "node:stream";
import { styleText } from "node:util";
import { type Sleep, sleep } from "./clock.ts";

export type Paint = (style: Parameters<typeof styleText>[0], text: string) => string;

/** A command's terminal and clock. */
export interface CommandIo {
  /** A line on stdout. */
  print(line?: string): void;
  /** A line on stderr. */
  printError(line: string): void;
  /** Coloured where stdout shows colours. */
  paint: Paint;
  /** The typed line; null when stdin is not a terminal, or has ended. */
  ask(question: string): Promise<string | null>;
  sleep: Sleep;
  /** Monotonic milliseconds, only good for differences. */
  uptimeMs(): number;
}

interface Streams {
  stdin: Readable & { isTTY?: boolean };
  stdout: Writable & { hasColors?(): boolean };
  stderr: Writable;
}

/** Opens stdin only to ask: reading `process.stdin` can keep the process from ending. */
export function createCommandIo(
  streams: Streams,
  time: Pick<CommandIo, "sleep" | "uptimeMs"> = { sleep, uptimeMs: () => performance.now() },
): CommandIo {
  return {
    ...time,
    print(line = "") {
      streams.stdout.write(`${line}\n`);
    },
    printError(line) {
      streams.stderr.write(`${line}\n`);
    },
    paint: (style, text) => (streams.stdout.hasColors?.() ? styleText(style, text, { validateStream: false }) : text),
    async ask(question) {
      if (!streams.stdin.isTTY) return null;
      const terminal = createInterface({ input: streams.stdin, output: streams.stderr });
      const ended = once(terminal, "close").then(() => null);
      try {
        // Ctrl-C and Ctrl-D close the terminal; Node 20 leaves the question open then, later versions reject it.
        return await Promise.race([terminal.question(question).catch(() => null), ended]);
      } finally {
        terminal.close();
      }
    },
  };
}

/** The terminal of this process; logs go through `createLog`. */
export const { print, printError, paint } = createCommandIo(process);

/** Escapes control characters: a name from PostHog or Novu may contain characters that change the terminal. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}
