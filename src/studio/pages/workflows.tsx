import type { WorkflowOutcomes } from "../../contracts/history.ts";
import type { WorkflowFacts } from "../facts.ts";
import { page } from "../page.ts";
import { Empty, Panel, Pill, Table } from "../ui/parts.tsx";

/** The workflows that are in the code. */
export const workflowsPage = page<{ workflows: WorkflowFacts[] }>({
  path: "/workflows",
  read: async ({ facts }) => ({ workflows: facts.workflows }),

  view: ({ workflows }) => ({
    title: "Workflows",
    lead: "What is in the code, as Novu discovers it.",
    content: (
      <Panel title={workflows.length === 1 ? "1 workflow" : `${workflows.length} workflows`}>
        {workflows.length === 0 ? (
          <Empty icon="workflows" title="No workflow yet">
            Add a file to <code>src/workflows</code> and a line to its <code>index.ts</code>.
          </Empty>
        ) : (
          <Table caption="Workflows" columns={["Workflow", "Listens to", "Topic", "Sends"]}>
            {workflows.map(({ id, name, description, listens, topic, category, steps }) => (
              <tr key={id}>
                <th scope="row" className="long">
                  <a href={`/studio/workflows/${encodeURIComponent(id)}`}>{name}</a>
                  <span className="two">{description}</span>
                </th>
                <td>
                  {listens.map(({ event, does }) => (
                    <div key={event}>
                      <code>{event}</code> <span className="quiet">{does}</span>
                    </div>
                  ))}
                </td>
                <td>{topic ?? category}</td>
                <td>
                  <span className="stack">
                    {channelsOf(steps).map((channel) => (
                      <Pill key={channel} tone="quiet">
                        {channel}
                      </Pill>
                    ))}
                  </span>
                </td>
              </tr>
            ))}
          </Table>
        )}
      </Panel>
    ),
  }),
});

function channelsOf(steps: WorkflowFacts["steps"]): string[] {
  return [
    ...new Set(steps.flatMap(({ channel }) => (channel === null ? [] : [channel === "in_app" ? "in-app" : channel]))),
  ];
}

/** What became of a workflow that nobody entered. */
export function nothingOf(workflow: string): WorkflowOutcomes {
  return { workflow, entered: 0, waiting: 0, converted: 0, sent: [], skipped: [], lost: 0, failed: 0 };
}
