import type { ReactElement } from "react";
import type { Decision } from "../../contracts/decision.ts";
import type { RunRecord, RunStatus } from "../../contracts/history.ts";
import type { SandboxSource } from "../../contracts/sandbox.ts";
import { RUN_STATES } from "../../explain/words.ts";
import { link, messagePath, personPath, runPath, runStepPath, useFrame } from "../page.ts";
import { type Field, RowTable, WorkflowLink } from "../ui/fields.tsx";
import { Id, type LinkedPill, Pill, Pills, type Tone, When } from "../ui/parts.tsx";

export interface RunRow extends RunRecord {
  runRef: string;
  personRef: string;
  /** The source at which the person is read; undefined if unknown. */
  source?: SandboxSource | undefined;
}

/** A run in a list, with its decisions. */
export interface ListedRun extends RunRow {
  sent: number;
  /** The steps whose message was sent. */
  sentSteps: string[];
  /** The reasons of the messages that were skipped, each once. */
  skipped: string[];
  failed: number;
}

export function listed(runs: RunRecord[], decisions: Decision[]): ListedRun[] {
  return runs.map((run) => {
    const own = decisions.filter(({ transactionId }) => transactionId === run.transactionId);
    const of = (outcome: Decision["outcome"]) => own.filter((one) => one.outcome === outcome);
    return {
      ...run,
      runRef: run.transactionId,
      personRef: run.distinctId,
      sent: of("sent").length,
      sentSteps: of("sent").map(({ step }) => step),
      skipped: [...new Set(of("skipped").map(({ reason }) => reason ?? "no reason"))],
      failed: of("failed").length,
    };
  });
}

export function RunTable({
  runs,
  showsPerson = true,
  empty,
}: {
  runs: ListedRun[];
  showsPerson?: boolean;
  empty: ReactElement;
}): ReactElement {
  const fields = [RUN, WORKFLOW, ...(showsPerson ? [PERSON] : []), STATE, MESSAGES, HAPPENED];
  return <RowTable caption="Runs" fields={fields} rows={runs} keyOf={({ runRef }) => runRef} empty={empty} />;
}

const RUN: Field<ListedRun> = {
  name: "Run",
  of: ({ runRef, transactionId, eventName }) => (
    <>
      <a href={runPath(runRef)}>{eventName ?? "run"}</a>
      <span className="two">
        <Id>{transactionId}</Id>
      </span>
    </>
  ),
};

const WORKFLOW: Field<RunRow> = {
  name: "Workflow",
  of: ({ workflow }) => <WorkflowLink id={workflow} />,
};

const PERSON: Field<RunRow> = {
  name: "Person",
  of: ({ personRef, distinctId, workflow, source }) => (
    <>
      <a href={personPath(personRef, source)}>
        <Id>{distinctId}</Id>
      </a>
      <span className="two">
        <a href={link("/studio/why", { person: personRef, workflow })}>why?</a>
      </span>
    </>
  ),
};

const TONES: Record<RunStatus, Tone> = {
  pending: "quiet",
  stuck: "bad",
  "in progress": "info",
  finished: "good",
  exited: "good",
  failed: "bad",
  "not started": "warn",
};

const STATE: Field<RunRow> = { name: "State", of: ({ status }) => <Pill tone={TONES[status]}>{status}</Pill> };

const MESSAGES: Field<ListedRun> = {
  name: "Messages",
  of: (run) => <RunMessages run={run} />,
};

function RunMessages({ run: { runRef, sent, sentSteps, skipped, failed } }: { run: ListedRun }): ReactElement {
  const { messageOf } = useFrame();
  if (sent + skipped.length + failed === 0) return <span className="quiet">none yet</span>;
  const messages = sentSteps.flatMap((step) => messageOf?.(runRef, step) ?? []);
  const [first] = messages;
  const to =
    messages.length === 1 && first !== undefined
      ? messagePath(first.id)
      : messages.length > 1
        ? link("/studio/messages", { run: runRef })
        : runStepPath(runRef, sentSteps[0] ?? "");
  const pills: LinkedPill[] = [
    { tone: "good", text: "sent", count: sent, to },
    ...skipped.map((reason) => ({ tone: "quiet" as const, text: `not sent: ${reason}`, to: runPath(runRef) })),
    { tone: "bad", text: "failed", count: failed },
  ];
  return <Pills pills={pills} />;
}

const HAPPENED: Field<RunRow> = {
  name: "Happened",
  of: ({ occurredAt }) => <When at={occurredAt} />,
};

/** The fields on the page of one run. */
export const RUN_FIELDS: Array<Field<RunRow>> = [
  {
    name: "State",
    of: (run) => (
      <>
        {STATE.of(run)}
        <span className="two">{RUN_STATES[run.status]}</span>
      </>
    ),
  },
  WORKFLOW,
  PERSON,
  HAPPENED,
  { name: "Started at Novu", of: ({ enteredAt }) => <When at={enteredAt} /> },
  { name: "Ended", of: ({ endedAt }) => <When at={endedAt} /> },
  { name: "Transaction id", of: ({ transactionId }) => <Id>{transactionId}</Id> },
];
