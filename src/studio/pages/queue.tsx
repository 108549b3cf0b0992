import type { ReactElement } from "react";
import type { JobRecord } from "../../contracts/history.ts";
import { QUEUES, type Queue } from "../../contracts/job.ts";
import { type Action, ASKED_ROWS, cut, idOf, link, page } from "../page.ts";
import { type Field, RowTable } from "../ui/fields.tsx";
import { PostForm, Submit } from "../ui/forms.tsx";
import { Empty, Icon, Id, Notice, number, olderLink, Panel, Pill, QUEUE_NAMES, When } from "../ui/parts.tsx";

const MOST_WAITING = 25;
const REDRIVE = "/studio/queue/redrive";

interface Cause {
  error: string;
  errorRef: string;
  count: number;
}

interface QueuePage {
  queues: Array<{ queue: Queue; waiting: number; dead: number }>;
  waiting: JobRecord[];
  causes: Cause[];
  /** The error that selects dead jobs; empty for all. */
  errorRef: string;
  dead: JobRecord[];
  before: number | null;
}

/** The waiting jobs and the dead jobs. */
export const queuePage = page<QueuePage>({
  path: "/queue",
  async read({ facts, query }) {
    const { error, before } = query;
    const [queues, causes, dead, ...waiting] = await Promise.all([
      facts.jobs.countByQueue(),
      facts.jobs.countDeadByError(),
      facts.jobs.listDead({ limit: ASKED_ROWS, error, before: idOf(before) }),
      ...QUEUES.map((queue) => facts.jobs.listWaiting(queue, MOST_WAITING)),
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

  view: ({ queues, waiting, causes, errorRef, dead, before }, frame) => ({
    title: "Queue",
    lead: "Jobs for Novu and PostHog. A dead job runs again only when you redrive it.",
    content: (
      <>
        {idOf(frame.query.redriven) === undefined ? null : (
          <Notice tone="good">
            Jobs redriven: {number(Number(frame.query.redriven))}. Each has all its attempts again.
          </Notice>
        )}
        <CausesPanel causes={causes} current={errorRef} dead={sumOf(queues, "dead")} />
        {dead.length === 0 ? null : <DeadPanel dead={dead} errorRef={errorRef} before={before} />}
        <WaitingPanel waiting={waiting} all={sumOf(queues, "waiting")} />
      </>
    ),
  }),
});

function sumOf(queues: QueuePage["queues"], state: "waiting" | "dead"): number {
  return queues.reduce((sum, queue) => sum + queue[state], 0);
}

function CausesPanel({ causes, current, dead }: { causes: Cause[]; current: string; dead: number }): ReactElement {
  const redriveAll = (
    <Redrive
      name="Redrive all"
      question={`Give all ${number(dead)} dead jobs their attempts again? Do it after the causes are fixed.`}
      fields={{ which: "all" }}
      confirm={`Redrive all ${number(dead)}`}
    />
  );
  return (
    <Panel title={`Dead jobs (${number(dead)})`} actions={dead > 0 ? redriveAll : undefined}>
      <RowTable
        caption="Dead jobs by cause"
        fields={causeFields(current)}
        rows={causes}
        keyOf={({ errorRef }) => errorRef}
        empty={
          <Empty icon="good" title="No dead jobs">
            A job is dead after Novu or PostHog refused it for good, or after 18 failed attempts. It then appears here.
          </Empty>
        }
      />
    </Panel>
  );
}

function causeFields(current: string): Array<Field<Cause>> {
  return [
    {
      name: "Cause",
      kind: "long",
      of: ({ error, errorRef }) => (
        <a href={link("/studio/queue", { error: errorRef })} aria-current={errorRef === current ? "true" : undefined}>
          {error}
        </a>
      ),
    },
    { name: "Jobs", kind: "number", of: ({ count }) => number(count) },
    {
      name: "Redrive",
      of: ({ errorRef, count }) => (
        <Redrive
          name="Redrive this cause"
          question="Give the jobs with this cause their attempts again?"
          fields={{ which: "cause", error: errorRef }}
          confirm={`Redrive ${number(count)}`}
        />
      ),
    },
  ];
}

const JOB: Field<JobRecord> = { name: "Job", kind: "long", of: ({ key }) => <Id>{key}</Id> };
const QUEUE: Field<JobRecord> = { name: "Queue", of: ({ queue }) => QUEUE_NAMES[queue] };
const ATTEMPTS: Field<JobRecord> = { name: "Attempts", kind: "number", of: ({ attempts }) => attempts };
const ERROR: Field<JobRecord> = {
  name: "Last error",
  kind: "long",
  of: ({ error }) => error ?? <Pill tone="quiet">no attempt yet</Pill>,
};
const DUE: Field<JobRecord> = { name: "Due", of: ({ dueAt }) => <When at={dueAt} /> };
const REDRIVE_ONE: Field<JobRecord> = {
  name: "Redrive",
  of: ({ id }) => (
    <Redrive
      name="Redrive this job"
      question="Give this job its attempts again?"
      fields={{ which: "one", id: String(id) }}
      confirm="Redrive"
    />
  ),
};

function DeadPanel({ dead, errorRef, before }: Pick<QueuePage, "dead" | "errorRef" | "before">): ReactElement {
  return (
    <Panel
      title={errorRef === "" ? "Dead jobs, newest first" : "Dead jobs with this cause"}
      actions={errorRef === "" ? undefined : <a href="/studio/queue">All causes</a>}
      footer={olderLink("Older jobs", "/studio/queue", { error: errorRef }, before)}
    >
      <RowTable
        caption="Dead jobs"
        fields={[JOB, QUEUE, ATTEMPTS, ERROR, REDRIVE_ONE]}
        rows={dead}
        keyOf={({ id }) => id}
      />
    </Panel>
  );
}

function WaitingPanel({ waiting, all }: { waiting: JobRecord[]; all: number }): ReactElement {
  return (
    <Panel
      title={all === 0 ? "Waiting jobs" : `Waiting jobs (${number(all)})`}
      actions={all > MOST_WAITING ? <p>The {MOST_WAITING} that are due first</p> : undefined}
    >
      <RowTable
        caption="Jobs that wait, the earliest due first"
        fields={[JOB, QUEUE, DUE, ATTEMPTS, ERROR]}
        rows={waiting}
        keyOf={({ id }) => id}
        empty={
          <Empty icon="queue" title="The queue is empty">
            All jobs are done. A delay inside Novu is part of its <a href="/studio/runs?state=in+progress">run</a>.
          </Empty>
        }
      />
    </Panel>
  );
}

/** A button that first asks for a confirmation. */
function Redrive({
  name,
  question,
  fields,
  confirm,
}: {
  name: string;
  question: string;
  fields: Record<string, string>;
  confirm: string;
}): ReactElement {
  return (
    <details className="act" data-key={`${REDRIVE} ${JSON.stringify(fields)}`}>
      <summary className="button small">
        <Icon name="again" />
        {name}
      </summary>
      <PostForm action={REDRIVE} fields={fields}>
        <p>{question}</p>
        <Submit look="small first">{confirm}</Submit>
      </PostForm>
    </details>
  );
}

/** Gives dead jobs their attempts again: one job, all of one cause, or all. */
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
