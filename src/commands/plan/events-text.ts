import type { Comparison } from "../../contracts/comparison.ts";
import { type Paint, printable } from "../../lib/command-io.ts";
import { markdownSection } from "./plan-text.ts";

const TITLE = "Events that do not come as the workflows expect";

/** The lines after the plan of Novu. */
export function eventsText({ problems, notes, notCompared, events }: Comparison, paint: Paint): string {
  const found = problems.map(({ text }) => paint("yellow", `  ${printable(text)}`));
  const left = [...notes, ...notCompared].map(printable);
  if (found.length > 0) return ["", `${TITLE}:`, ...found, ...left].join("\n");
  const well = `The ${events} events of the workflows come as the workflows expect.`;
  return ["", ...(left.length > 0 ? left : [well])].join("\n");
}

export function eventsMarkdown({ problems, notes, notCompared }: Comparison): string {
  const lines = [
    ...markdownSection(
      TITLE,
      problems.map(({ text }) => text),
    ),
    ...markdownSection("Notes about events", [...notes, ...notCompared]),
  ];
  return lines.join("\n");
}
