import type { ReactElement } from "react";
import type { WorkflowFacts } from "../facts.ts";
import { page } from "../page.ts";
import { type Field, RowTable, WorkflowLink } from "../ui/fields.tsx";
import { Empty, Panel, Pill } from "../ui/parts.tsx";
import { channelName } from "../ui/words.ts";

/** The workflows in the code. */
export const workflowsPage = page<{ workflows: WorkflowFacts[] }>({
  path: "/workflows",
  read: async ({ facts }) => ({ workflows: facts.workflows }),

  view: ({ workflows }, frame) => ({
    title: "Workflows",
    lead: "The workflows in the code, as Novu discovers them.",
    content: (
      <Panel title={workflows.length === 1 ? "1 workflow" : `${workflows.length} workflows`}>
        {workflows.length === 0 ? (
          <NoWorkflow />
        ) : (
          <RowTable caption="Workflows" fields={FIELDS} rows={workflows} keyOf={({ id }) => id} frame={frame} />
        )}
      </Panel>
    ),
  }),
});

const FIELDS: Array<Field<WorkflowFacts>> = [
  {
    name: "Workflow",
    kind: "long",
    of: ({ id, description }, frame) => (
      <>
        <WorkflowLink id={id} frame={frame} />
        <span className="two">{description}</span>
      </>
    ),
  },
  {
    name: "Events",
    of: ({ listens }) =>
      listens.map(({ event, does }) => (
        <div key={event}>
          <code>{event}</code> <span className="quiet">{does}</span>
        </div>
      )),
  },
  { name: "Topic", of: ({ topic, category }) => topic ?? category },
  {
    name: "Channels",
    of: ({ steps }) => (
      <span className="stack">
        {channelsOf(steps).map((channel) => (
          <Pill key={channel} tone="quiet">
            {channelName(channel)}
          </Pill>
        ))}
      </span>
    ),
  },
];

function channelsOf(steps: WorkflowFacts["steps"]): string[] {
  return [...new Set(steps.flatMap(({ channel }) => channel ?? []))];
}

export function NoWorkflow(): ReactElement {
  return (
    <Empty icon="workflows" title="No workflow yet">
      Add a file to <code>src/workflows</code> and a line to its <code>index.ts</code>.
    </Empty>
  );
}
