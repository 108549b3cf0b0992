import { printable } from "../../lib/command-io.ts";
import type { Plan } from "./make-plan.ts";
import { BROKEN, brokenText, editedText, effectText, summary } from "./plan-text.ts";

const SIGNS = { add: "➕", change: "✏️", remove: "❌" } as const;
/** Identifies the comment on a pull request. */
export const COMMENT_MARK = "<!-- posthog-novu-bridge plan -->";

export function planMarkdown(plan: Plan): string {
  const { manifest, isCompared, changes, edited, broken, limits, notes } = plan;
  const lines = [COMMENT_MARK, "### Novu workflows", "", text(summary(plan))];

  if (changes.length > 0) {
    lines.push("", "| | workflow | step | | people in progress |", "|---|---|---|---|---|");
    for (const one of changes) {
      lines.push(row(SIGNS[one.does], code(one.workflow), "", "", text(effectText(one))));
      for (const change of one.changes) {
        const people = one.does === "add" ? "" : text(effectText(change));
        const step = change.step === null ? "" : code(change.step);
        lines.push(
          row(SIGNS[change.does], "", step, text(change.what), change.loses === null ? people : `**${people}**`),
        );
      }
    }
  }
  lines.push(...section("Set in Novu's dashboard", edited.map(editedText)));
  lines.push(...section(BROKEN, broken.map(brokenText)));
  lines.push(...section("Beyond the plan of Novu", limits), ...section("Notes", notes));
  if (!isCompared) {
    lines.push("", "| workflow | steps |", "|---|---|");
    for (const { workflow, steps } of manifest)
      lines.push(row(code(workflow), steps.map(({ step, type }) => `${code(step)} ${type}`).join(", ")));
  }
  return lines.join("\n");
}

function section(title: string, lines: string[]): string[] {
  return lines.length === 0 ? [] : ["", `**${title}**`, "", ...lines.map((line) => `- ${text(line)}`)];
}

function row(...cells: string[]): string {
  return `| ${cells.join(" | ")} |`;
}

function code(id: string): string {
  return `\`${printable(id).replace(/[`|]/g, "")}\``;
}

/** Escaped: text from the dashboard must not format, mention people or break the table. */
function text(words: string): string {
  return printable(words)
    .replace(/[\\`*_[\]<>|#]/g, "\\$&")
    .replaceAll("@", "@\u2060");
}
