import type { ReactElement } from "react";
import type { WorkflowOutcomes } from "../../contracts/history.ts";
import type { Queue } from "../../contracts/job.ts";
import { DAY_MS } from "../../lib/durations.ts";
import { link, page } from "../page.ts";
import { type Field, RowTable, WorkflowLink } from "../ui/fields.tsx";
import { Notice, number, Panel, Pill, QUEUE_NAMES, Tabs, When } from "../ui/parts.tsx";
import { type ReasonCount, ReasonTable } from "./ignored.tsx";
import { emptyResults, MessageResults, periodOf, periodTabs, sumOf } from "./results.tsx";
import { NoWorkflow } from "./workflows.tsx";

const MOST_REASONS = 8;

interface Overview {
  period: { id: string; name: string };
  queues: Array<{ queue: Queue; waiting: number; dead: number; oldestDueAt: number | null }>;
  /** The ignored events of the last 24 hours. */
  ignored: ReasonCount[];
  workflows: WorkflowOutcomes[];
  /** Workflows that sent no message in the last 7 days, although people entered. */
  silent: string[];
}

/** The state of everything on one page. */
export const overviewPage = page<Overview>({
  path: "/",
  async read({ facts, now, query }) {
    const period = periodOf(query.period);
    const [queues, ignored, results, silent] = await Promise.all([
      facts.jobs.countByQueue(),
      facts.events.countIgnored(now - DAY_MS),
      facts.runs.countOutcomes(now - period.ms),
      facts.silent(),
    ]);
    const ids = new Set([...facts.workflows.map(({ id }) => id), ...results.map(({ workflow }) => workflow)]);
    return {
      period: { id: period.id, name: period.name },
      queues,
      ignored: ignored.map((one) => ({ ...one, reasonRef: one.reason })),
      workflows: [...ids].map((id) => results.find(({ workflow }) => workflow === id) ?? emptyResults(id)),
      silent,
    };
  },

  view: ({ period, queues, ignored, workflows, silent }) => ({
    title: "Overview",
    lead: "The jobs that wait, and the results of each workflow.",
    content: (
      <>
        {silent.map((workflow) => (
          <Notice key={workflow} tone="warn">
            People entered <WorkflowLink id={workflow} /> in the last 7 days, and no message was sent.{" "}
            <a href={link("/studio/runs", { workflow })}>See its runs</a>
          </Notice>
        ))}
        <Tiles queues={queues} ignored={sumOf(ignored)} />
        <Panel title="Workflows" actions={<Tabs label="Period" tabs={periodTabs("/studio", period.id)} />}>
          <RowTable
            caption={`Workflows in the last ${period.name}`}
            fields={resultFields(silent)}
            rows={workflows}
            keyOf={({ workflow }) => workflow}
            empty={<NoWorkflow />}
          />
        </Panel>
        {ignored.length > 0 ? (
          <Panel title="Ignored events of the last 24 hours">
            <ReasonTable reasons={ignored.slice(0, MOST_REASONS)} />
          </Panel>
        ) : null}
      </>
    ),
  }),
});

function Tiles({ queues, ignored }: { queues: Overview["queues"]; ignored: number }): ReactElement {
  const dead = queues.reduce((sum, queue) => sum + queue.dead, 0);
  return (
    <dl className="tiles">
      {queues.map(({ queue, waiting, oldestDueAt }) => (
        <Tile key={queue} name={QUEUE_NAMES[queue]} count={waiting}>
          {oldestDueAt === null ? (
            <dd className="quiet">no job waits</dd>
          ) : (
            <dd className="quiet">
              jobs wait; the first is due <When at={oldestDueAt} />
            </dd>
          )}
        </Tile>
      ))}
      <Tile name="Dead jobs" count={dead} isBad={dead > 0}>
        <dd>{dead > 0 ? <a href="/studio/queue">see the causes</a> : <span className="quiet">nothing to do</span>}</dd>
      </Tile>
      <Tile name="Ignored in 24 hours" count={ignored}>
        <dd>
          <a href="/studio/ignored">see the reasons</a>
        </dd>
      </Tile>
    </dl>
  );
}

function Tile(tile: { name: string; count: number; isBad?: boolean; children: ReactElement }): ReactElement {
  return (
    <div className={tile.isBad === true ? "tile bad" : "tile"}>
      <dt>{tile.name}</dt>
      <dd className="big">{number(tile.count)}</dd>
      {tile.children}
    </div>
  );
}

function resultFields(silent: string[]): Array<Field<WorkflowOutcomes>> {
  return [
    {
      name: "Workflow",
      of: ({ workflow, lost }) => (
        <>
          <WorkflowLink id={workflow} />
          {lost > 0 ? (
            <a href={link("/studio/runs", { workflow, state: "failed" })}>
              <Pill tone="bad" count={lost}>
                failed
              </Pill>
            </a>
          ) : null}
          {silent.includes(workflow) ? <Pill tone="warn">no message sent</Pill> : null}
        </>
      ),
    },
    { name: "Entered", kind: "number", of: ({ entered }) => number(entered) },
    { name: "In progress", kind: "number", of: ({ waiting }) => number(waiting) },
    { name: "Exited", kind: "number", of: ({ converted }) => number(converted) },
    { name: "Messages", of: (results) => <MessageResults {...results} /> },
  ];
}
