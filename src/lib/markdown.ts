import { printable } from "./command-io.ts";

/** The row of a table. */
export function row(...cells: string[]): string {
  return `| ${cells.join(" | ")} |`;
}

/** An id or a name as code. */
export function code(id: string): string {
  return `\`${printable(id).replace(/[`|]/g, "") || " "}\``;
}

/** Escapes Markdown, because text from outside must not add formatting, mention people or break a table. */
export function text(words: string): string {
  return printable(words)
    .replace(/[\\`*_[\]<>|#~]/g, "\\$&")
    .replaceAll("@", "@\u2060");
}
