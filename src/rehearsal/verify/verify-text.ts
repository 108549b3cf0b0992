import { type Paint, printable } from "../../lib/command-io.ts";
import type { Difference } from "./explain-difference.ts";
import type { Verification } from "./verify.ts";

/** The most differences without an explanation, and the most examples of an explanation, that are listed. */
const MOST_LISTED = 100;
const MOST_EXAMPLES = 3;

/** The result for a terminal: the differences without an explanation first, then the others by their explanation. */
export function verificationText({ runs, decisions, differences }: Verification, paint: Paint): string {
  const open = differences.filter(({ why }) => why === null);
  const summary = `${runs} runs and ${decisions} decisions are as recorded, ${differences.length} differ.`;
  const result =
    open.length === 0
      ? paint("green", "Each difference has an explanation.")
      : paint("red", `${open.length} have no explanation:`);
  const lines = [summary, differences.length === 0 ? "" : result, ...listed(open, MOST_LISTED)];
  for (const [why, group] of byExplanation(differences))
    lines.push("", `${group.length} × ${printable(why)}`, ...listed(group, MOST_EXAMPLES));
  return lines.join("\n").trimEnd();
}

function byExplanation(differences: Difference[]): Array<[string, Difference[]]> {
  const groups = new Map<string, Difference[]>();
  for (const difference of differences)
    if (difference.why !== null) groups.set(difference.why, [...(groups.get(difference.why) ?? []), difference]);
  return [...groups].sort(([, a], [, b]) => b.length - a.length);
}

function listed(differences: Difference[], most: number): string[] {
  const lines = differences
    .slice(0, most)
    .map(
      ({ transactionId, step, recorded, rehearsed }) =>
        `  ${printable(transactionId)}${step === null ? "" : `  ${printable(step)}`}: recorded ${printable(recorded)}, rehearsed ${printable(rehearsed)}`,
    );
  return differences.length > most ? [...lines, `  and ${differences.length - most} more`] : lines;
}
