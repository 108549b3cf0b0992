import type { ReactElement } from "react";
import type { RunRecord } from "../../contracts/history.ts";
import type { SandboxDelivery } from "../../contracts/sandbox.ts";
import { SOURCES } from "../../contracts/sources.ts";
import { parseJson } from "../../lib/json.ts";
import type { Facts } from "../facts.ts";
import { link, personPath } from "../page.ts";
import { type ListedRun, listed, RunTable } from "../pages/run-table.tsx";
import { aboutOf } from "../pages/runs.tsx";
import { type Field, FieldList, RowTable } from "../ui/fields.tsx";
import { PostForm, Submit } from "../ui/forms.tsx";
import { Empty, exact, Id, olderLink, Panel, When } from "../ui/parts.tsx";
import { Answer, type Delivered } from "./delivery-answer.tsx";
import { deliveryPath, newestFirst, type SandboxAction, sandboxPage } from "./sandbox-page.ts";

interface Deliveries {
  deliveries: Delivered[];
  before: number | null;
}

/** The webhooks of the local PostHog and Segment, with the answers of the app. */
export const deliveriesPage = sandboxPage<Deliveries>({
  path: "/deliveries",
  async read({ facts, sandbox, query: { event, before: shownBefore } }) {
    const { rows, before } = newestFirst(sandbox.deliveries(), {
      before: shownBefore,
      isWanted: ({ eventUuid }) => event === undefined || eventUuid === event,
    });
    const deliveries = rows.map(async (row) => delivered(row, await runsOf(row, facts)));
    return { deliveries: await Promise.all(deliveries), before };
  },

  view: ({ deliveries, before }, frame) => ({
    title: "Deliveries",
    lead: "Each webhook of the local PostHog and the local Segment, with the answer of the app.",
    content: (
      <Panel
        title="Newest first"
        footer={olderLink("Older deliveries", "/studio/deliveries", { event: frame.query.event }, before)}
      >
        <RowTable
          caption="Deliveries"
          fields={DELIVERY_COLUMNS}
          rows={deliveries}
          keyOf={({ id }) => id}
          empty={
            <Empty icon="deliveries" title="No delivery yet">
              <a href="/studio/fire">Fire an event</a>.
            </Empty>
          }
        />
      </Panel>
    ),
  }),
});

const MOST_RUNS = 20;

async function runsOf({ eventUuid }: SandboxDelivery, facts: Facts): Promise<RunRecord[]> {
  return eventUuid === "" ? [] : facts.runs.list({ limit: MOST_RUNS, about: aboutOf(eventUuid, { facts }) });
}

function delivered(delivery: SandboxDelivery, runs: RunRecord[]): Delivered {
  const does = ({ eventUuid, status }: RunRecord) =>
    eventUuid !== delivery.eventUuid ? "ended" : status === "not started" ? "did not start" : "started";
  return {
    ...delivery,
    runs: runs.map((run) => ({ workflow: run.workflow, runRef: run.transactionId, does: does(run) })),
  };
}

interface OneDelivery {
  delivery: Delivered;
  runs: ListedRun[];
}

/** One webhook, with forms to send it again, unchanged or edited. */
export const deliveryPage = sandboxPage<OneDelivery>({
  path: "/deliveries/:delivery",
  async read({ facts, sandbox, params }) {
    const delivery = sandbox.deliveries().find(({ id }) => id === params.delivery);
    if (delivery === undefined) return null;
    const runs = await runsOf(delivery, facts);
    return {
      delivery: delivered(delivery, runs),
      runs: listed(runs, await facts.decisions.listOfRuns(runs.map(({ transactionId }) => transactionId))),
    };
  },

  view: ({ delivery, runs }) => ({
    title: delivery.event,
    content: (
      <>
        <AnswerPanel delivery={delivery} />
        <Panel title={runs.length === 1 ? "Its run" : "Its runs"}>
          <RunTable
            runs={runs}
            empty={
              <Empty icon="runs" title="The event started and ended no run">
                {delivery.distinctId === "" ? (
                  "The app could not read it."
                ) : (
                  <a href={link("/studio/why", { person: delivery.distinctId })}>See everything about this person</a>
                )}
              </Empty>
            }
          />
        </Panel>
        <BodyPanel delivery={delivery} />
      </>
    ),
  }),
});

function AnswerPanel({ delivery }: { delivery: Delivered }): ReactElement {
  return (
    <Panel
      title="The answer of the app"
      padded={true}
      actions={
        <PostForm action="/studio/deliveries/resend" fields={{ delivery: delivery.id }}>
          <Submit icon="again" look="small">
            Resend
          </Submit>
        </PostForm>
      }
    >
      {delivery.attempts.map((attempt) => (
        <div key={attempt.at}>
          <Answer {...attempt} runs={delivery.runs} />
          <p className="quiet">
            {exact(attempt.at)}, after {Math.max(1, Math.round(attempt.ms))} ms
          </p>
        </div>
      ))}
      <FieldList fields={DELIVERY_FIELDS} row={delivery} />
    </Panel>
  );
}

function BodyPanel({ delivery: { source, body } }: { delivery: SandboxDelivery }): ReactElement {
  return (
    <Panel title="The body" padded={true}>
      <PostForm action="/studio/deliveries/paste" className="form" fields={{ source }}>
        <label className="field">
          Edit the body and send it. It gets a new signature.
          <textarea name="body" rows={18} defaultValue={pretty(body)} spellCheck={false} />
        </label>
        <Submit icon="deliveries">Send as edited</Submit>
      </PostForm>
      <details data-key="raw">
        <summary>The exact bytes</summary>
        <pre>{body}</pre>
      </details>
    </Panel>
  );
}

/** Sends the same bytes again, under another webhook id. */
export const resendAction: SandboxAction = {
  path: "/deliveries/resend",
  async run({ delivery: id }, sandbox) {
    const delivery = sandbox.deliveries().find((one) => one.id === id);
    if (delivery === undefined) throw new Error("that delivery no longer exists");
    return deliveryPath(await sandbox.deliver(delivery.body, delivery.source));
  },
};

function pretty(body: string): string {
  const parsed = parseJson(body);
  return parsed === undefined ? body : JSON.stringify(parsed, null, 2);
}

const SOURCE: Field<SandboxDelivery> = { name: "Source", of: ({ source }) => SOURCES[source].label };
const PERSON: Field<SandboxDelivery> = {
  name: "Person",
  of: ({ distinctId, source }) => (distinctId === "" ? "–" : <a href={personPath(distinctId, source)}>{distinctId}</a>),
};

/** The columns of the list. */
const DELIVERY_COLUMNS: Array<Field<Delivered>> = [
  { name: "Event", of: ({ id, event }) => <a href={deliveryPath(id)}>{event}</a> },
  SOURCE,
  PERSON,
  { name: "Result", kind: "long", of: ({ attempts, runs }) => <Answer {...attempts.at(-1)} runs={runs} /> },
  {
    name: "Delivered",
    of: ({ attempts }) => (
      <>
        <When at={attempts.at(-1)?.at ?? null} />
        {attempts.length > 1 ? <span className="two">{attempts.length} attempts</span> : null}
      </>
    ),
  },
];

/** The fields on the page of one delivery. */
const DELIVERY_FIELDS: Array<Field<SandboxDelivery>> = [
  SOURCE,
  PERSON,
  { name: "Event id", of: ({ eventUuid }) => (eventUuid === "" ? "–" : <Id>{eventUuid}</Id>) },
  { name: "Webhook id", of: ({ id }) => <Id>{id}</Id> },
];
