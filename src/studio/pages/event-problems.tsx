import type { ReactElement } from "react";
import type { Comparison, EventProblem } from "../../contracts/comparison.ts";
import { type Field, RowTable, WorkflowLink } from "../ui/fields.tsx";
import { Panel, Pill } from "../ui/parts.tsx";

/** The comparison of the workflows with PostHog; null while PostHog has not answered. */
export type Compared = Comparison | null;

const WORDS: Record<EventProblem["kind"], string> = {
  "never seen": "never seen",
  stopped: "stopped",
  "condition never held": "condition never held",
  "property never seen": "property never seen",
  "property missing": "property missing",
  "property type": "another type",
  "does not fit": "does not fit",
  "person property never seen": "property never seen",
};

/** The problems of one event in one workflow, each kind once. */
export function EventPills({
  compared,
  workflow,
  event,
}: {
  compared: Compared;
  workflow: string;
  event: string;
}): ReactElement | null {
  const problems = (compared?.problems ?? []).filter((one) => one.event === event && one.workflows.includes(workflow));
  const words = [...new Set(problems.map(({ kind }) => WORDS[kind]))];
  if (words.length === 0) return null;
  return (
    <>
      {words.map((word) => (
        <Pill key={word} tone="warn">
          {word}
        </Pill>
      ))}
    </>
  );
}

const PROBLEM: Field<EventProblem> = {
  name: "Problem",
  kind: "long",
  of: ({ kind, text }) => (
    <>
      <Pill tone="warn">{WORDS[kind]}</Pill>
      <span className="two">{text}</span>
    </>
  ),
};

const WORKFLOWS: Field<EventProblem> = {
  name: "Workflows",
  of: ({ workflows }) =>
    workflows.length === 0
      ? "all"
      : workflows.map((id) => (
          <div key={id}>
            <WorkflowLink id={id} />
          </div>
        )),
};

/** All problems, or those of one workflow. */
export function EventProblems({ compared, workflow }: { compared: Compared; workflow?: string }): ReactElement {
  const { problems = [], notes = [], notCompared = [] } = compared ?? {};
  const shown = workflow === undefined ? problems : problems.filter(({ workflows }) => workflows.includes(workflow));
  const isWell = compared !== null && shown.length + notes.length + notCompared.length === 0;
  const lines = [
    ...(compared === null ? ["PostHog has not answered yet. The result appears here when it has."] : []),
    ...(isWell ? ["The events of the last 30 days came as the workflows expect them."] : []),
    ...notes,
    ...notCompared,
  ];
  return (
    <Panel title="Events, compared with PostHog">
      {shown.length === 0 ? null : (
        <RowTable
          caption="Problems with events"
          fields={workflow === undefined ? [PROBLEM, WORKFLOWS] : [PROBLEM]}
          rows={shown}
          keyOf={({ text }) => text}
        />
      )}
      {lines.length === 0 ? null : (
        <div className="body">
          {lines.map((line) => (
            <p key={line} className="quiet">
              {line}
            </p>
          ))}
        </div>
      )}
    </Panel>
  );
}
