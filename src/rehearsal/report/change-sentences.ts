import { type ComparingReport, type Context, clauseOf, PREDICATES } from "./change-words.ts";
import { type Change, weightOf } from "./changes.ts";
import { counted, inWords, type Pen } from "./pen.ts";
import { sum } from "./tally.ts";

/** The lines in the lead about workflows: with the headline and the warnings they are five. */
const MOST_WORKFLOWS = 3;
const MOST_IN_A_SENTENCE = 2;

/** The largest changes: a line for each workflow, with the largest change first, and one line for all others. */
export function workflowLines(report: ComparingReport, pen: Pen): string[] {
  const groups = byWorkflow(report.comparison.changes);
  const shown = groups.length > MOST_WORKFLOWS ? MOST_WORKFLOWS - 1 : groups.length;
  const lines = groups.slice(0, shown).map(({ changes }) => workflowLine(changes, { report, pen }));
  const others = groups.slice(shown);
  if (others.length === 0) return lines;
  const names = others.slice(0, 5).map(({ workflow, changes }) => {
    const messages = changes.reduce((all, { channels }) => all + sum(channels), 0);
    return `${pen.code(workflow)} (${counted(messages, "message")})`;
  });
  if (others.length > names.length) names.push(`${others.length - names.length} more`);
  return [...lines, `${others.length} more workflows change: ${inWords(names)}.`];
}

/** Every change in a sentence. */
export function changeLines(report: ComparingReport, pen: Pen): string[] {
  return report.comparison.changes.map((change) => sentence([change], { report, pen }));
}

function byWorkflow(changes: Change[]): Array<{ workflow: string; changes: Change[] }> {
  const workflows = [...new Set(changes.map(({ workflow }) => workflow))];
  const groups = workflows.map((workflow) => ({
    workflow,
    changes: changes.filter((change) => change.workflow === workflow),
  }));
  const weight = (group: { changes: Change[] }) => group.changes.reduce((all, one) => all + weightOf(one), 0);
  return groups.sort((one, other) => weight(other) - weight(one));
}

function workflowLine(changes: Change[], context: Context): string {
  const others = changes.filter(({ kind }) => kind !== "reason");
  const all = others.length > 0 ? others : changes;
  const rest = all.length - MOST_IN_A_SENTENCE;
  const line = sentence(all.slice(0, MOST_IN_A_SENTENCE), context);
  return rest > 0 ? `${line} ${counted(rest, "more change")} ${rest === 1 ? "is" : "are"} below.` : line;
}

/** Changes of one workflow. The workflow is the subject of the first. */
function sentence(changes: Change[], context: Context): string {
  const [first] = changes;
  if (first === undefined) return "";
  const { code } = context.pen;
  const steps = new Set(changes.flatMap((change) => change.steps.map(({ name }) => name)));
  const [step = ""] = steps;
  const isOneStep = steps.size === 1 && changes.every(({ kind }) => PREDICATES[kind] === undefined);
  const subject = isOneStep ? `${code(first.workflow)}/${code(step)}` : code(first.workflow);
  const sentences = changes.map((change, index) => {
    const predicate = PREDICATES[change.kind]?.(change, context);
    if (predicate !== undefined) return index === 0 ? `${subject} ${predicate}.` : `It ${predicate}.`;
    const clause = `${clauseOf(change, isOneStep, context)}.`;
    return index === 0 ? `${subject}: ${clause}` : clause;
  });
  return sentences.join(" ");
}
