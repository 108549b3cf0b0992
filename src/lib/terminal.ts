import { styleText } from "node:util";

/** A line for the person at the terminal; logs are another matter. */
export function print(line = ""): void {
  process.stdout.write(`${line}\n`);
}

export function printError(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Coloured where colours are wanted. */
export function paint(style: Parameters<typeof styleText>[0], text: string): string {
  return process.stdout.hasColors?.() ? styleText(style, text) : text;
}

/** Anybody can send PostHog a name that would steer a terminal. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}
