import type { WorkflowOutcomes } from "../../contracts/history.ts";
import type { Queue } from "../../contracts/job.ts";
import { DAY_MS } from "../../lib/durations.ts";
import { link, page } from "../page.ts";
import { periodOf, periodTabs } from "../periods.ts";
import { Empty, Notice, number, Panel, Pill, Table, Tabs, When } from "../ui/parts.tsx";
import { Messages, sumOf } from "./outcomes.tsx";
import { nothingOf } from "./workflows.tsx";

const QUEUES: Record<Queue, string> = {
  novu: "Novu",
  receipts: "Novu, receipts",
  persons: "Novu, addresses",
  profiles: "Novu, profiles",
  posthog: "PostHog",
};

interface Overview {
  period: { id: string; name: string };
  queues: Array<{ queue: Queue; waiting: number; dead: number; oldestDueAt: number | null }>;
  /** Of the last day. */
  ignored: Array<{ reason: string; reasonRef: string; count: number }>;
  workflows: Array<WorkflowOutcomes & { name: string }>;
  /** People entered these in the last 7 days, longer ago than the first wait takes, and nothing was sent. */
  silent: string[];
}

/** How it all stands, in one look. */
export const overviewPage = page<Overview>({
  path: "/",
  async read({ facts, now, query }) {
    const period = periodOf(query.period);
    const [queues, ignored, outcomes, silent] = await Promise.all([
      facts.countQueues(),
      facts.countIgnored(now - DAY_MS),
      facts.countOutcomes(now - period.ms),
      facts.silent(),
    ]);
    const ids = [
      ...new Set([...facts.workflows, ...outcomes.map(({ workflow }) => ({ id: workflow }))].map(({ id }) => id)),
    ];
    const workflows = ids.map((id) => ({
      ...(outcomes.find(({ workflow }) => workflow === id) ?? nothingOf(id)),
      name: facts.workflows.find((one) => one.id === id)?.name ?? id,
    }));
    return {
      period: { id: period.id, name: period.name },
      queues,
      ignored: ignored.map((one) => ({ ...one, reasonRef: one.reason })),
      workflows,
      silent,
    };
  },

  view({ period, queues, ignored, workflows, silent }, { now }) {
    const dead = queues.reduce((sum, queue) => sum + queue.dead, 0);
    return {
      title: "Overview",
      lead: "What came in, what waits, and what became of it.",
      content: (
        <>
          {silent.map((workflow) => (
            <Notice key={workflow} tone="warn">
              People entered <a href={`/studio/workflows/${workflow}`}>{workflow}</a> in the last 7 days, and nothing
              was sent. <a href={link("/studio/runs", { workflow })}>See its runs</a>
            </Notice>
          ))}
          <dl className="tiles">
            {queues.map(({ queue, waiting, oldestDueAt }) => (
              <div className="tile" key={queue}>
                <dt>Waiting for {QUEUES[queue]}</dt>
                <dd className="big">{number(waiting)}</dd>
                <dd className="quiet">
                  {oldestDueAt === null ? (
                    "nothing in the queue"
                  ) : (
                    <>
                      oldest due <When at={oldestDueAt} now={now} />
                    </>
                  )}
                </dd>
              </div>
            ))}
            <div className={dead > 0 ? "tile bad" : "tile"}>
              <dt>Dead letters</dt>
              <dd className="big">{number(dead)}</dd>
              <dd>
                {dead > 0 ? (
                  <a href="/studio/queue">see what they died of</a>
                ) : (
                  <span className="quiet">all is well</span>
                )}
              </dd>
            </div>
            <div className="tile">
              <dt>Ignored in 24 hours</dt>
              <dd className="big">{number(sumOf(ignored))}</dd>
              <dd>
                <a href="/studio/set-aside">see why</a>
              </dd>
            </div>
          </dl>
          <Panel title="Workflows" aside={<Tabs label="Period" tabs={periodTabs("/studio", period.id)} />}>
            {workflows.length === 0 ? (
              <Empty icon="workflows" title="No workflow yet">
                Add a file to <code>src/workflows</code> and a line to its <code>index.ts</code>.
              </Empty>
            ) : (
              <Table
                caption={`Workflows in the last ${period.name}`}
                columns={["Workflow", "#Entered", "#In progress", "#Converted", "Messages"]}
              >
                {workflows.map((one) => (
                  <tr key={one.workflow}>
                    <th scope="row">
                      <a href={`/studio/workflows/${encodeURIComponent(one.workflow)}?period=${period.id}`}>
                        {one.name}
                      </a>
                      <span className="two">{one.workflow}</span>
                      {one.lost > 0 ? (
                        <a href={link("/studio/runs", { workflow: one.workflow, state: "failed" })}>
                          <Pill tone="bad" count={one.lost}>
                            lost at Novu
                          </Pill>
                        </a>
                      ) : null}
                      {silent.includes(one.workflow) ? <Pill tone="warn">nothing sent</Pill> : null}
                    </th>
                    <td className="number">{number(one.entered)}</td>
                    <td className="number">{number(one.waiting)}</td>
                    <td className="number">{number(one.converted)}</td>
                    <td>
                      <Messages {...one} />
                    </td>
                  </tr>
                ))}
              </Table>
            )}
          </Panel>
          {ignored.length > 0 ? (
            <Panel title="Ignored in the last 24 hours">
              <Table caption="Ignored by reason" columns={["Reason", "#Deliveries"]}>
                {ignored.slice(0, 8).map(({ reason, reasonRef, count }) => (
                  <tr key={reasonRef}>
                    <td className="long">
                      <a href={link("/studio/set-aside", { reason: reasonRef })}>{reason}</a>
                    </td>
                    <td className="number">{number(count)}</td>
                  </tr>
                ))}
              </Table>
            </Panel>
          ) : null}
        </>
      ),
    };
  },
});
