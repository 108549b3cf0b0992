import type { ReactElement } from "react";
import type { WorkflowOutcomes } from "../../contracts/history.ts";
import type { Queue } from "../../contracts/job.ts";
import { link, page } from "../page.ts";
import { type Field, RowTable, WorkflowLink } from "../ui/fields.tsx";
import { Notice, number, Panel, Pill, QUEUE_NAMES, Tabs, When } from "../ui/parts.tsx";
import { type ReasonCount, ReasonTable } from "./ignored.tsx";
import { type DecidedMessage, decidedMessages, NewestMessages } from "./newest-messages.tsx";
import { emptyResults, MessageResults, type Period, periodOf, periodTabs, sinceOf } from "./results.tsx";
import { NoWorkflow } from "./workflows.tsx";

const MOST_REASONS = 8;
const MOST_MESSAGES = 12;

interface Overview {
  period: Period;
  /** The newest messages, sent or not; the newest first. */
  messages: DecidedMessage[];
  workflows: WorkflowOutcomes[];
  queues: Array<{ queue: Queue; waiting: number; dead: number; oldestDueAt: number | null }>;
  /** The ignored events of the period. */
  ignored: ReasonCount[];
  /** Workflows that sent no message in the last 7 days, although people entered. */
  silent: string[];
}

/** The state of everything on one page. */
export const overviewPage = page<Overview>({
  path: "/",
  async read({ facts, sandbox, now, query }) {
    const period = periodOf(query.period, { isSandbox: sandbox !== undefined });
    const since = sinceOf(period, now);
    const [decisions, results, queues, ignored, silent] = await Promise.all([
      facts.decisions.list({ limit: MOST_MESSAGES }),
      facts.runs.countOutcomes(since),
      facts.jobs.countByQueue(),
      facts.events.countIgnored(since),
      facts.silent(),
    ]);
    const ids = new Set([...facts.workflows.map(({ id }) => id), ...results.map(({ workflow }) => workflow)]);
    return {
      period,
      messages: decidedMessages(decisions),
      workflows: [...ids].map((id) => results.find(({ workflow }) => workflow === id) ?? emptyResults(id)),
      queues,
      ignored: ignored.map((one) => ({ ...one, reasonRef: one.reason })),
      silent,
    };
  },

  view: ({ period, messages, workflows, queues, ignored, silent }, { messageOf }) => ({
    title: "Overview",
    lead: "The newest messages, sent or not, and the results of each workflow.",
    content: (
      <>
        <DeadNotice dead={deadIn(queues)} />
        {silent.map((workflow) => (
          <Notice key={workflow} tone="warn">
            People entered <WorkflowLink id={workflow} /> in the last 7 days, and no message was sent.{" "}
            <a href={link("/studio/runs", { workflow })}>See its runs</a>
          </Notice>
        ))}
        <NewestMessages messages={messages} />
        <Panel
          title={`Results of the workflows, ${period.words}`}
          actions={<Tabs label="Period" tabs={periodTabs("/studio", period.id, { isSandbox: messageOf !== null })} />}
        >
          <RowTable
            caption="Workflows with their results"
            fields={resultFields(silent)}
            rows={workflows}
            keyOf={({ workflow }) => workflow}
            empty={<NoWorkflow />}
          />
        </Panel>
        {ignored.length > 0 ? (
          <Panel title={`Ignored events, ${period.words}`} actions={<a href="/studio/ignored">All ignored events</a>}>
            <ReasonTable reasons={ignored.slice(0, MOST_REASONS)} />
          </Panel>
        ) : null}
        <Tiles queues={queues} />
      </>
    ),
  }),
});

/** A dead job may be the start of a run, so its person gets no message until a colleague acts. */
function DeadNotice({ dead }: { dead: number }): ReactElement | null {
  if (dead === 0) return null;
  return (
    <Notice tone="bad">
      {dead === 1 ? "1 job is dead: it runs" : `${number(dead)} jobs are dead: they run`} again only when you redrive{" "}
      {dead === 1 ? "it" : "them"}. <a href="/studio/queue">See the causes</a>
    </Notice>
  );
}

function deadIn(queues: Overview["queues"]): number {
  return queues.reduce((sum, queue) => sum + queue.dead, 0);
}

function Tiles({ queues }: Pick<Overview, "queues">): ReactElement {
  const dead = deadIn(queues);
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
