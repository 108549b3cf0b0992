import { type Paint, printable } from "../../lib/command-io.ts";
import type { Report } from "./compare.ts";
import { documentOf, type LinkTo } from "./document.ts";
import { type Pen, shortId } from "./pen.ts";
import type { Table } from "./tables.ts";

/** The report for a terminal. */
export function reportText(report: Report, paint: Paint, linkTo?: LinkTo): string {
  // Colours in cells would change their width, so only whole lines have colours.
  const pen: Pen = { code: (id) => printable(shortId(id)), text: printable, bold: (words) => words };
  const document = documentOf(report, pen, linkTo);
  const { headline, largest, warning, changes, totals, workflows, others, sample, limits, made } = document;
  const title = (words: string) => ["", paint("bold", words)];
  const lines = [
    paint("bold", headline),
    ...largest.map((line) => `  ${line}`),
    `  ${paint(warning.isOne ? "yellow" : "green", warning.words)}`,
  ];
  if (changes.length > 0) lines.push(...title("Every change"), ...changes.map((line) => `  ${line}`));
  for (const table of [totals, ...workflows]) lines.push(...title(table.title), ...tableLines(table, paint));
  if (others.length > 0) lines.push("", ...others);
  for (const { timeline, links } of sample)
    lines.push(
      ...title(timeline.title),
      ...tableLines(timeline, paint),
      ...links.map((link) => `  ${printable(link)}`),
    );
  if (limits.length > 0) lines.push(...title("Limits"), ...limits.map((line) => `  ${line}`));
  lines.push(...title("How this was made"), ...made.map((line) => `  ${line}`));
  return lines.join("\n");
}

/** A row whose two sides differ is yellow. */
function tableLines({ head, rows }: Table, paint: Paint): string[] {
  const all = [...(head.length > 2 ? [head] : []), ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((cells) => cells[column]?.length ?? 0)));
  const isNumbers = head.length !== 3;
  return all.map((cells) => {
    const padded = cells.map((cell, column) => {
      const width = widths[column] ?? 0;
      return isNumbers && column > 0 ? cell.padStart(width) : cell.padEnd(width);
    });
    const line = `  ${padded.join("  ")}`.trimEnd();
    if (cells === head) return paint("dim", line);
    return cells.length > 2 && cells[1] !== cells[2] ? paint("yellow", line) : line;
  });
}
