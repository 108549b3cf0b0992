import { styleText } from "node:util";

/** A line for a person at a terminal; logs go through `createLog`. */
export function print(line = ""): void {
  process.stdout.write(`${line}\n`);
}

export function printError(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Coloured where stdout shows colours. */
export function paint(style: Parameters<typeof styleText>[0], text: string): string {
  return process.stdout.hasColors?.() ? styleText(style, text) : text;
}

/** Control characters, escaped: a name from PostHog or Novu may contain some that change the terminal. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}
