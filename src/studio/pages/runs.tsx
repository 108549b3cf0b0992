import type { ReactElement } from "react";
import type { Decision } from "../../contracts/decision.ts";
import { RUN_STATUSES, type RunRecord, type RunStatus } from "../../contracts/history.ts";
import { transactionIdOf } from "../../contracts/run.ts";
import { ASKED_ROWS, cut, link, page, type Question, runPath } from "../page.ts";
import { Icon } from "../ui/icons.tsx";
import { Empty, Id, Panel, Pill, Table, type Tone, When } from "../ui/parts.tsx";

/** A run in a list: where it stands, and what was decided in it. */
interface ListedRun extends RunRecord {
  runRef: string;
  personRef: string;
  sent: number;
  /** The reasons of what was left out, each once. */
  skipped: string[];
  failed: number;
}

interface Runs {
  workflows: string[];
  /** What was asked for. */
  qRef: string;
  workflow: string;
  state: string;
  runs: ListedRun[];
  /** For the next page; null on the last. */
  next: { before: string; afterRef: string } | null;
  /** Deliveries of this person or event that caused nothing. */
  alsoSetAside: number;
}

/** Every run, newest first, found by person, event or transaction id. */
export const runsPage = page<Runs>({
  path: "/runs",
  async read(question) {
    const { facts, query } = question;
    const { q = "", workflow = "", state = "", before, after } = query;
    const asked = q.trim();
    const found = await facts.listRuns({
      limit: ASKED_ROWS,
      workflow: workflow || undefined,
      status: RUN_STATUSES.find((status) => status === state),
      about: asked === "" ? undefined : aboutOf(asked, question),
      before: before && after ? { occurredAt: before, transactionId: after } : undefined,
    });
    const { rows, last } = cut(found);
    const setAside = asked === "" ? [] : await facts.pageSetAside({ limit: ASKED_ROWS, about: asked });
    return {
      workflows: facts.workflows.map(({ id }) => id),
      qRef: asked,
      workflow,
      state,
      runs: listed(rows, await facts.decisionsOf(rows.map(({ transactionId }) => transactionId))),
      next: last && { before: last.occurredAt, afterRef: last.transactionId },
      alsoSetAside: setAside.length,
    };
  },

  view({ workflows, qRef, workflow, state, runs, next, alsoSetAside }, { now, query }) {
    const isNarrowed = qRef !== "" || workflow !== "" || state !== "";
    return {
      title: "Runs",
      lead: "One workflow for one person, newest first.",
      content: (
        <>
          <search>
            <form className="bar" action="/studio/runs">
              <label className="field wide">
                Person, event uuid or transaction id
                <input type="search" name="q" defaultValue={query.q ?? ""} autoComplete="off" spellCheck={false} />
              </label>
              <Choice name="workflow" label="Workflow" chosen={workflow} options={workflows} />
              <Choice name="state" label="State" chosen={state} options={[...RUN_STATUSES]} />
              <button type="submit" className="button first">
                <Icon name="search" />
                Search
              </button>
            </form>
          </search>
          <Panel
            title={isNarrowed ? "Runs that match" : "Newest runs"}
            aside={
              alsoSetAside > 0 ? (
                <a href={link("/studio/set-aside", { about: qRef })}>
                  {alsoSetAside >= ASKED_ROWS ? "50 or more" : alsoSetAside} set aside as well
                </a>
              ) : undefined
            }
            footer={
              next === null ? undefined : (
                <a href={link("/studio/runs", { q: qRef, workflow, state, before: next.before, after: next.afterRef })}>
                  Older runs
                </a>
              )
            }
          >
            {runs.length === 0 ? (
              <NoRuns isNarrowed={isNarrowed} qRef={qRef} workflow={workflow} />
            ) : (
              <RunTable runs={runs} now={now} />
            )}
          </Panel>
        </>
      ),
    };
  },
});

/** The text may be any of the three; an event's runs are named after it. */
function aboutOf(text: string, { facts }: Question) {
  const ids = facts.workflows.map(({ id }) => transactionIdOf(text, id));
  return { distinctId: text, eventUuid: text, transactionIds: [text, ...ids] };
}

function listed(runs: RunRecord[], decisions: Decision[]): ListedRun[] {
  return runs.map((run) => {
    const mine = decisions.filter(({ transactionId }) => transactionId === run.transactionId);
    const of = (outcome: Decision["outcome"]) => mine.filter((one) => one.outcome === outcome);
    return {
      ...run,
      runRef: run.transactionId,
      personRef: run.distinctId,
      sent: of("sent").length,
      skipped: [...new Set(of("skipped").map(({ reason }) => reason ?? "no reason"))],
      failed: of("failed").length,
    };
  });
}

function RunTable({ runs, now }: { runs: ListedRun[]; now: number }): ReactElement {
  return (
    <Table caption="Runs" columns={["Run", "Person", "State", "Messages", "Happened"]}>
      {runs.map((run) => (
        <tr key={run.runRef}>
          <th scope="row">
            <a href={runPath(run.runRef)}>{run.workflow}</a>
            <span className="two">
              <Id>{run.transactionId}</Id>
            </span>
          </th>
          <td>
            <Id>{run.distinctId}</Id>
            <span className="two">
              <a href={link("/studio/why", { person: run.personRef, workflow: run.workflow })}>why?</a>
            </span>
          </td>
          <td>
            <Status status={run.status} />
          </td>
          <td>
            <Decided {...run} />
          </td>
          <td>
            <When at={run.occurredAt} now={now} />
            <span className="two">{run.eventName}</span>
          </td>
        </tr>
      ))}
    </Table>
  );
}

const TONE: Record<RunStatus, Tone> = {
  starting: "quiet",
  stuck: "bad",
  "under way": "info",
  finished: "good",
  left: "good",
  refused: "warn",
  "not started": "warn",
};

export function Status({ status }: { status: RunStatus }): ReactElement {
  return <Pill tone={TONE[status]}>{status}</Pill>;
}

function Decided({ sent, skipped, failed }: ListedRun): ReactElement {
  if (sent + skipped.length + failed === 0) return <span className="quiet">none yet</span>;
  return (
    <span className="stack">
      {sent > 0 ? (
        <Pill tone="good" count={sent}>
          sent
        </Pill>
      ) : null}
      {skipped.map((reason) => (
        <Pill key={reason} tone="quiet">
          {reason}
        </Pill>
      ))}
      {failed > 0 ? (
        <Pill tone="bad" count={failed}>
          failed
        </Pill>
      ) : null}
    </span>
  );
}

function NoRuns({ isNarrowed, qRef, workflow }: { isNarrowed: boolean; qRef: string; workflow: string }): ReactElement {
  if (!isNarrowed)
    return (
      <Empty icon="runs" title="No runs yet">
        A run begins when an event comes in that a workflow listens to.{" "}
        <a href="/studio/workflows">See which those are</a>, and what was <a href="/studio/set-aside">set aside</a>.
      </Empty>
    );
  return (
    <Empty icon="search" title="No run matches">
      {qRef === "" ? (
        <a href="/studio/runs">Show all runs</a>
      ) : (
        <>
          Ids have to be whole, as PostHog has them.{" "}
          <a href={link("/studio/why", { person: qRef, workflow })}>Ask why this person got nothing</a>, or{" "}
          <a href="/studio/runs">show all runs</a>.
        </>
      )}
    </Empty>
  );
}

function Choice({
  name,
  label,
  chosen,
  options,
}: {
  name: string;
  label: string;
  chosen: string;
  options: string[];
}): ReactElement {
  return (
    <label className="field">
      {label}
      <select name={name} defaultValue={chosen}>
        <option value="">all</option>
        {options.map((option) => (
          <option key={option} value={option}>
            {option}
          </option>
        ))}
      </select>
    </label>
  );
}
