import type { Paint } from "../../lib/command-io.ts";
import { printable } from "../../lib/terminal.ts";
import type { Plan, Removal } from "./make-plan.ts";

const SIGNS = { add: "+", change: "~", remove: "-" } as const;
const STYLES = { add: "green", change: "yellow", remove: "red" } as const;

/** Whether a sync would change anything at Novu. */
export function hasChanges({ changes }: Plan): boolean {
  return changes.length > 0;
}

/** The plan for a person at a terminal. */
export function planText(plan: Plan, paint: Paint): string {
  const { manifest, isCompared, changes, removals, edited, limits, notes } = plan;
  const lines: string[] = [];
  if (!isCompared)
    for (const { workflow, steps } of manifest)
      lines.push(`${workflow.padEnd(24)}  ${steps.map(({ step, type }) => `${step} (${type})`).join(", ")}`);
  for (const { workflow, does, changes: inside } of changes) {
    lines.push(paint(STYLES[does], `${SIGNS[does]} ${workflow}${waitingOf(removals, workflow)}`));
    for (const { does: sign, step, what } of inside) {
      const id = step === null ? null : `${workflow}/${step}`;
      const text = `    ${SIGNS[sign]} ${(step ?? "").padEnd(24)}  ${printable(what)}`;
      lines.push(paint(STYLES[sign], `${text}${id === null ? "" : waitingOf(removals, id)}`));
    }
  }
  if (edited.length > 0) lines.push("", "Set in Novu's dashboard:", ...edited.map((one) => `  ${editedText(one)}`));
  if (limits.length > 0) lines.push("", "Beyond the plan of Novu:", ...limits.map((limit) => `  ${limit}`));
  lines.push(...notes.map(printable), summary(plan));
  return lines.join("\n");
}

/** What it comes to, in one line. */
export function summary(plan: Plan): string {
  const { manifest, isCompared, changes, removals } = plan;
  const all = `${manifest.length} workflows, ${manifest.reduce((sum, { steps }) => sum + steps.length, 0)} steps`;
  if (!isCompared) return `${all} are to be published.`;
  if (!hasChanges(plan)) return `Nothing to do: Novu has all ${all}.`;
  const count = (does: string) => changes.filter((change) => change.does === does).length;
  const counts = `${count("add")} to add, ${count("change")} to change, ${count("remove")} to remove`;
  if (removals.length === 0) return `${all}: ${counts}.`;
  return `${all}: ${counts}. A sync needs --allow-removals=${removals.map(({ id }) => id).join(",")}`;
}

export function editedText({ workflow, step, control, value, default: usual, isLost }: Plan["edited"][number]): string {
  const what = `${workflow}/${step}: "${control}" is ${value}`;
  return printable(isLost ? `${what}, and the code has no such control` : `${what}, by default ${usual}`);
}

export function peopleText(waiting: number | null): string {
  if (waiting === null) return "nobody knows here how many people wait";
  return waiting === 1 ? "1 person waits" : `${waiting} people wait`;
}

function waitingOf(removals: Removal[], id: string): string {
  const removal = removals.find((one) => one.id === id);
  return removal === undefined ? "" : `  (${peopleText(removal.waiting)})`;
}
