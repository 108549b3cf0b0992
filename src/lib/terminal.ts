import { createCommandIo } from "./command-io.ts";

/** The terminal of this process; logs go through `createLog`. */
export const { print, printError, paint } = createCommandIo(process);

/** Control characters, escaped: a name from PostHog or Novu may contain some that change the terminal. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}
