import type { ReactElement } from "react";
import { RUN_STATUSES, type RunStatus } from "../../contracts/history.ts";
import { transactionIdOf } from "../../contracts/run.ts";
import { ASKED_ROWS, cut, link, page, type Question, useFrame } from "../page.ts";
import { Select, Submit } from "../ui/forms.tsx";
import { Empty, olderLink, Panel } from "../ui/parts.tsx";
import { type ListedRun, listed, RunTable } from "./run-table.tsx";

interface Runs {
  /** The search text. */
  qRef: string;
  workflow: string;
  state: string;
  runs: ListedRun[];
  /** The position at which the next page begins; null on the last page. */
  next: { before: string; afterRef: string } | null;
  /** The number of ignored events that match the search text. */
  alsoIgnored: number;
}

/** Every run, newest first, found by person, event or transaction id. */
export const runsPage = page<Runs>({
  path: "/runs",
  async read(question) {
    const { facts, query } = question;
    const { q = "", workflow = "", state = "", before, after } = query;
    const search = q.trim();
    const found = await facts.runs.list({
      limit: ASKED_ROWS,
      workflow: workflow || undefined,
      status: statusOf(state),
      about: search === "" ? undefined : aboutOf(search, question),
      before: before && after ? { occurredAt: before, transactionId: after } : undefined,
    });
    const { rows, last } = cut(found);
    const ignored = search === "" ? [] : await facts.events.listIgnored({ limit: ASKED_ROWS, about: search });
    return {
      qRef: search,
      workflow,
      state,
      runs: listed(rows, await facts.decisions.listOfRuns(rows.map(({ transactionId }) => transactionId))),
      next: last && { before: last.occurredAt, afterRef: last.transactionId },
      alsoIgnored: ignored.length,
    };
  },

  view({ qRef, workflow, state, runs, next, alsoIgnored }) {
    const isNarrowed = qRef !== "" || workflow !== "" || state !== "";
    return {
      title: "Runs",
      lead: "A run is one workflow for one person. The newest is first.",
      content: (
        <>
          <Search workflow={workflow} state={statusOf(state) ?? ""} />
          <Panel
            title={isNarrowed ? "Runs that match" : "Newest runs"}
            actions={
              alsoIgnored > 0 ? (
                <a href={link("/studio/ignored", { about: qRef })}>
                  {alsoIgnored >= ASKED_ROWS ? "50 or more" : alsoIgnored} ignored events match too
                </a>
              ) : undefined
            }
            footer={olderLink(
              "Older runs",
              "/studio/runs",
              { q: qRef, workflow, state, after: next?.afterRef },
              next?.before ?? null,
            )}
          >
            <RunTable runs={runs} empty={<NoRuns isNarrowed={isNarrowed} qRef={qRef} workflow={workflow} />} />
          </Panel>
        </>
      ),
    };
  },
});

/**
 * Finds runs by distinct id, event uuid or transaction id. A transaction id is made of the event's uuid and the
 * workflow's id.
 */
export function aboutOf(text: string, { facts }: Pick<Question, "facts">) {
  const ids = facts.workflows.map(({ id }) => transactionIdOf(text, id));
  return { distinctId: text, eventUuid: text, transactionIds: [text, ...ids] };
}

function Search({ workflow, state }: { workflow: string; state: string }): ReactElement {
  const { query, workflows } = useFrame();
  return (
    <search>
      <form className="bar" action="/studio/runs">
        <label className="field wide">
          Person, event uuid or transaction id
          <input type="search" name="q" defaultValue={query.q ?? ""} autoComplete="off" spellCheck={false} />
        </label>
        <Select name="workflow" label="Workflow" value={workflow} options={workflows} />
        <Select name="state" label="State" value={state} options={RUN_STATUSES.map((name) => ({ id: name, name }))} />
        <Submit icon="search" look="first">
          Search
        </Submit>
      </form>
    </search>
  );
}

function NoRuns({ isNarrowed, qRef, workflow }: { isNarrowed: boolean; qRef: string; workflow: string }): ReactElement {
  if (!isNarrowed)
    return (
      <Empty icon="runs" title="No runs yet">
        A run starts when an event arrives that a workflow listens to.{" "}
        <a href="/studio/workflows">See the events of each workflow</a>, or{" "}
        <a href="/studio/ignored">see the ignored events</a>.
      </Empty>
    );
  return (
    <Empty icon="search" title="No run matches">
      {qRef === "" ? (
        <a href="/studio/runs">Show all runs</a>
      ) : (
        <>
          Enter the whole id, as PostHog has it.{" "}
          <a href={link("/studio/why", { person: qRef, workflow })}>See why this person got no message</a>, or{" "}
          <a href="/studio/runs">show all runs</a>.
        </>
      )}
    </Empty>
  );
}

/** Former names of states, which old links still have. */
const FORMER_NAMES: Record<string, RunStatus> = {
  starting: "pending",
  "under way": "in progress",
  left: "exited",
  refused: "not started",
};

function statusOf(state: string): RunStatus | undefined {
  return RUN_STATUSES.find((status) => status === state) ?? FORMER_NAMES[state];
}
