import { type Paint, printable } from "../../lib/command-io.ts";
import { code, row, text } from "../../lib/markdown.ts";
import type { Plan } from "./make-plan.ts";
import type { Change } from "./people-in-progress.ts";

const SIGNS = { add: "+", change: "~", remove: "-" } as const;
const STYLES = { add: "green", change: "yellow", remove: "red" } as const;

/** Whether a sync would change anything at Novu. */
export function hasChanges({ changes }: Plan): boolean {
  return changes.length > 0;
}

export function planText(plan: Plan, paint: Paint): string {
  const { manifest, isCompared, changes, edited, broken, limits, notes } = plan;
  const lines: string[] = [];
  if (!isCompared)
    for (const { workflow, steps } of manifest)
      lines.push(`${workflow.padEnd(24)}  ${steps.map(({ step, type }) => `${step} (${type})`).join(", ")}`);
  for (const one of changes) {
    const { workflow, does, changes: inside } = one;
    lines.push(paint(STYLES[does], `${SIGNS[does]} ${workflow}  (${effectText(one)})`));
    for (const change of inside) {
      const text = `    ${SIGNS[change.does]} ${(change.step ?? "").padEnd(24)}  ${printable(change.what)}`;
      lines.push(paint(STYLES[change.does], does === "add" ? text : `${text}  (${effectText(change)})`));
    }
  }
  if (edited.length > 0) lines.push("", "Set in Novu's dashboard:", ...edited.map((one) => `  ${editedText(one)}`));
  if (broken.length > 0) lines.push("", BROKEN, ...broken.map((one) => `  ${brokenText(one)}`));
  if (limits.length > 0) lines.push("", "Beyond the plan of Novu:", ...limits.map((limit) => `  ${limit}`));
  lines.push(...notes.map(printable), summary(plan));
  return lines.join("\n");
}

function summary(plan: Plan): string {
  const { manifest, isCompared, changes, removals } = plan;
  const all = `${manifest.length} workflows, ${manifest.reduce((sum, { steps }) => sum + steps.length, 0)} steps`;
  if (!isCompared) return `${all} to publish.`;
  if (!hasChanges(plan)) return `Nothing to do: Novu has all ${all}.`;
  const count = (does: string) => changes.filter((change) => change.does === does).length;
  const counts = `${count("add")} to add, ${count("change")} to change, ${count("remove")} to remove`;
  if (removals.length === 0) return `${all}: ${counts}.`;
  return `${all}: ${counts}. A sync needs --allow-removals=${removals.map(({ id }) => id).join(",")}`;
}

function editedText({ workflow, step, control, value, default: usual, isLost }: Plan["edited"][number]): string {
  const what = `${workflow}/${step}: "${control}" is ${value}`;
  return printable(isLost ? `${what}, but the code has no such control` : `${what}, by default ${usual}`);
}

const BROKEN = "Novu cannot use these values from its dashboard; correct them there:";

function brokenText({ workflow, step, control, value }: Plan["broken"][number]): string {
  return printable(`${workflow}/${step}: "${control}" is ${value}`);
}

export function peopleText(waiting: number | null): string {
  if (waiting === null) return "the number of waiting people is unknown";
  return waiting === 1 ? "1 person waits" : `${waiting} people wait`;
}

function effectText({
  inProgress,
  effect,
  loses = null,
}: Pick<Plan["changes"][number], "inProgress" | "effect"> & { loses?: Change["loses"] }): string {
  const isAwaited = loses === "this message";
  if (inProgress === 0) return isAwaited ? "no one waits for it" : "no one is in progress";
  const people = inProgress === null ? "people" : `${inProgress} ${inProgress === 1 ? "person" : "people"}`;
  const are = isAwaited ? (inProgress === 1 ? "waits for it" : "wait for it") : "in progress";
  return `${people} ${are}: ${printable(effect)}`;
}

const EMOJI = { add: "➕", change: "✏️", remove: "❌" } as const;
/** Identifies our comment on a pull request. */
export const COMMENT_MARK = "<!-- posthog-novu-bridge plan -->";

export function planMarkdown(plan: Plan): string {
  const { manifest, isCompared, changes, edited, broken, limits, notes } = plan;
  const lines = [COMMENT_MARK, "### Novu workflows", "", text(summary(plan))];

  if (changes.length > 0) {
    lines.push("", "| | workflow | step | | people in progress |", "|---|---|---|---|---|");
    for (const one of changes) {
      lines.push(row(EMOJI[one.does], code(one.workflow), "", "", text(effectText(one))));
      for (const change of one.changes) {
        const people = one.does === "add" ? "" : text(effectText(change));
        const step = change.step === null ? "" : code(change.step);
        lines.push(
          row(EMOJI[change.does], "", step, text(change.what), change.loses === null ? people : `**${people}**`),
        );
      }
    }
  }
  lines.push(...markdownSection("Set in Novu's dashboard", edited.map(editedText)));
  lines.push(...markdownSection(BROKEN, broken.map(brokenText)));
  lines.push(...markdownSection("Beyond the plan of Novu", limits), ...markdownSection("Notes", notes));
  if (!isCompared) {
    lines.push("", "| workflow | steps |", "|---|---|");
    for (const { workflow, steps } of manifest)
      lines.push(row(code(workflow), steps.map(({ step, type }) => `${code(step)} ${type}`).join(", ")));
  }
  return lines.join("\n");
}

/** A list below a title; nothing for an empty list. */
export function markdownSection(title: string, lines: string[]): string[] {
  return lines.length === 0 ? [] : ["", `**${title}**`, "", ...lines.map((line) => `- ${text(line)}`)];
}
