import type { ReactElement } from "react";
import { RUN_STATUSES, type RunStatus } from "../../contracts/history.ts";
import { transactionIdOf } from "../../contracts/run.ts";
import { ASKED_ROWS, cut, link, page, type Question } from "../page.ts";
import { Icon } from "../ui/icons.tsx";
import { Empty, Panel } from "../ui/parts.tsx";
import { type ListedRun, listed, RunTable } from "./run-table.tsx";

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
  alsoIgnored: number;
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
      status: statusOf(state),
      about: asked === "" ? undefined : aboutOf(asked, question),
      before: before && after ? { occurredAt: before, transactionId: after } : undefined,
    });
    const { rows, last } = cut(found);
    const ignored = asked === "" ? [] : await facts.pageIgnored({ limit: ASKED_ROWS, about: asked });
    return {
      workflows: facts.workflows.map(({ id }) => id),
      qRef: asked,
      workflow,
      state,
      runs: listed(rows, await facts.decisionsOf(rows.map(({ transactionId }) => transactionId))),
      next: last && { before: last.occurredAt, afterRef: last.transactionId },
      alsoIgnored: ignored.length,
    };
  },

  view({ workflows, qRef, workflow, state, runs, next, alsoIgnored }, { now, query }) {
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
              <Choice name="state" label="State" chosen={statusOf(state) ?? ""} options={[...RUN_STATUSES]} />
              <button type="submit" className="button first">
                <Icon name="search" />
                Search
              </button>
            </form>
          </search>
          <Panel
            title={isNarrowed ? "Runs that match" : "Newest runs"}
            aside={
              alsoIgnored > 0 ? (
                <a href={link("/studio/set-aside", { about: qRef })}>
                  {alsoIgnored >= ASKED_ROWS ? "50 or more" : alsoIgnored} ignored as well
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
export function aboutOf(text: string, { facts }: Pick<Question, "facts">) {
  const ids = facts.workflows.map(({ id }) => transactionIdOf(text, id));
  return { distinctId: text, eventUuid: text, transactionIds: [text, ...ids] };
}

function NoRuns({ isNarrowed, qRef, workflow }: { isNarrowed: boolean; qRef: string; workflow: string }): ReactElement {
  if (!isNarrowed)
    return (
      <Empty icon="runs" title="No runs yet">
        A run begins when an event comes in that a workflow listens to.{" "}
        <a href="/studio/workflows">See which those are</a>, and what was <a href="/studio/set-aside">ignored</a>.
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

/** Links from before these names were the words of run states. */
const FORMER_NAMES: Record<string, RunStatus> = {
  starting: "pending",
  "under way": "in progress",
  left: "exited",
  refused: "not started",
};

function statusOf(state: string): RunStatus | undefined {
  return RUN_STATUSES.find((status) => status === state) ?? FORMER_NAMES[state];
}
