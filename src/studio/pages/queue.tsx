import type { JobRecord } from "../../contracts/history.ts";
import { QUEUES } from "../../contracts/job.ts";
import { type Action, ASKED_ROWS, cut, link, page } from "../page.ts";
import { Confirmed, Empty, Id, Notice, number, Panel, Pill, Table, When } from "../ui/parts.tsx";

const MOST_WAITING = 25;
const REDRIVE = "/studio/queue/redrive";

interface QueuePage {
  queues: Array<{ queue: string; waiting: number; dead: number }>;
  waiting: JobRecord[];
  causes: Array<{ error: string; errorRef: string; count: number }>;
  /** Of one cause, when one was asked for. */
  errorRef: string;
  dead: JobRecord[];
  before: number | null;
}

/** What waits, and what nothing tries again by itself. */
export const queuePage = page<QueuePage>({
  path: "/queue",
  async read({ facts, query }) {
    const { error, before } = query;
    const [queues, causes, dead, ...waiting] = await Promise.all([
      facts.countQueues(),
      facts.deadCauses(),
      facts.pageDead({ limit: ASKED_ROWS, error, before: idOf(before) }),
      ...QUEUES.map((queue) => facts.listWaiting(queue, MOST_WAITING)),
    ]);
    const { rows, last } = cut(dead);
    return {
      queues,
      waiting: waiting
        .flat()
        .sort((a, b) => a.dueAt - b.dueAt)
        .slice(0, MOST_WAITING),
      causes: causes.map((one) => ({ ...one, errorRef: one.error })),
      errorRef: error ?? "",
      dead: rows,
      before: last?.id ?? null,
    };
  },

  view({ queues, waiting, causes, errorRef, dead, before }, { now, token, query }) {
    const [allWaiting, allDead] = [
      queues.reduce((sum, queue) => sum + queue.waiting, 0),
      queues.reduce((sum, queue) => sum + queue.dead, 0),
    ];
    return {
      title: "Queue",
      lead: "Job on its way to Novu and PostHog. What is dead is tried again only when you say so.",
      content: (
        <>
          {idOf(query.redriven) === undefined ? null : (
            <Notice tone="good">{number(Number(query.redriven))} redriven: all attempts again, from now.</Notice>
          )}
          <Panel
            title={`Dead (${number(allDead)})`}
            aside={
              allDead > 0 ? (
                <Confirmed
                  name="Redrive all"
                  question={`Give all ${number(allDead)} their attempts again? Do it once the causes are gone.`}
                  action={REDRIVE}
                  token={token}
                  fields={{ which: "all" }}
                  confirm={`Redrive all ${number(allDead)}`}
                />
              ) : undefined
            }
          >
            {causes.length === 0 ? (
              <Empty icon="good" title="Nothing is dead">
                Job dies when Novu or PostHog refuse it for good, or 18 times in a row. It would be here, by its cause.
              </Empty>
            ) : (
              <Table caption="Dead jobs by cause" columns={["Cause", "#Pieces", "Redrive"]}>
                {causes.map(({ error, errorRef: ref, count }) => (
                  <tr key={ref}>
                    <td className="long">
                      <a
                        href={link("/studio/queue", { error: ref })}
                        aria-current={ref === errorRef ? "true" : undefined}
                      >
                        {error}
                      </a>
                    </td>
                    <td className="number">{number(count)}</td>
                    <td>
                      <Confirmed
                        name="This cause"
                        question="Give what died of this its attempts again?"
                        action={REDRIVE}
                        token={token}
                        fields={{ which: "cause", error: ref }}
                        confirm={`Redrive ${number(count)}`}
                      />
                    </td>
                  </tr>
                ))}
              </Table>
            )}
          </Panel>
          {dead.length === 0 ? null : (
            <Panel
              title={errorRef === "" ? "Dead, newest first" : "Dead of this cause"}
              aside={errorRef === "" ? undefined : <a href="/studio/queue">All causes</a>}
              footer={
                before === null ? undefined : <a href={link("/studio/queue", { error: errorRef, before })}>Older</a>
              }
            >
              <Table caption="Dead jobs" columns={["Work", "Queue", "#Attempts", "Died of", "Redrive"]}>
                {dead.map(({ id, key, queue, attempts, error }) => (
                  <tr key={id}>
                    <td className="long">
                      <Id>{key}</Id>
                    </td>
                    <td>{queue}</td>
                    <td className="number">{attempts}</td>
                    <td className="long">{error}</td>
                    <td>
                      <Confirmed
                        name="This one"
                        question="Give it its attempts again?"
                        action={REDRIVE}
                        token={token}
                        fields={{ which: "one", id: String(id) }}
                        confirm="Redrive it"
                      />
                    </td>
                  </tr>
                ))}
              </Table>
            </Panel>
          )}
          <Panel
            title={`Waiting (${number(allWaiting)})`}
            aside={allWaiting > MOST_WAITING ? <p>the {MOST_WAITING} that are due first</p> : undefined}
          >
            {waiting.length === 0 ? (
              <Empty icon="queue" title="The queue is empty">
                All that came in is done. What waits inside Novu, such as a delay, is with its{" "}
                <a href="/studio/runs?state=under+way">run</a>.
              </Empty>
            ) : (
              <Table caption="Waiting work" columns={["Work", "Queue", "Due", "#Attempts", "Last try"]}>
                {waiting.map(({ id, key, queue, dueAt, attempts, error }) => (
                  <tr key={id}>
                    <td className="long">
                      <Id>{key}</Id>
                    </td>
                    <td>{queue}</td>
                    <td>
                      <When at={dueAt} now={now} />
                    </td>
                    <td className="number">{attempts}</td>
                    <td className="long">{error ?? <Pill tone="quiet">not tried yet</Pill>}</td>
                  </tr>
                ))}
              </Table>
            )}
          </Panel>
        </>
      ),
    };
  },
});

/** Gives dead jobs its attempts again: one piece, one cause, or all. */
export const redriveAction: Action = {
  path: "/queue/redrive",
  async run({ which, id, error }, facts) {
    const one = idOf(id);
    const redriven =
      which === "all"
        ? await facts.redrive("all")
        : which === "one" && one !== undefined
          ? await facts.redrive({ id: one })
          : which === "cause" && error !== undefined
            ? await facts.redrive({ error })
            : 0;
    return link("/studio/queue", { redriven });
  },
};

export function idOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
