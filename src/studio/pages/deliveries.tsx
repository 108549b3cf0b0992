import type { ReactNode } from "react";
import type { SandboxDelivery } from "../../contracts/sandbox.ts";
import { parseJson } from "../../lib/json.ts";
import { cut, deliveryPath, link, personPath, type SandboxAction, sandboxPage } from "../page.ts";
import { Answer } from "../ui/app-answer.tsx";
import { Icon } from "../ui/icons.tsx";
import { Empty, exact, Hidden, Id, Panel, Table, When } from "../ui/parts.tsx";
import { SOURCE_NAMES } from "../ui/source-name.ts";
import { idOf } from "./queue.tsx";
import { type ListedRun, listed, RunTable } from "./run-table.tsx";
import { aboutOf } from "./runs.tsx";

const MOST_RUNS = 20;

interface Deliveries {
  deliveries: SandboxDelivery[];
  /** Of the last one, when there are more. */
  before: number | null;
}

/** What the local PostHog and Segment sent to the app, and what that answered. */
export const deliveriesPage = sandboxPage<Deliveries>({
  path: "/deliveries",
  async read({ sandbox, query: { event, before } }) {
    const end = idOf(before) ?? Number.POSITIVE_INFINITY;
    const wanted = sandbox
      .deliveries()
      .map((delivery, at) => ({ delivery, at }))
      .filter(({ delivery, at }) => at < end && (event === undefined || delivery.eventUuid === event))
      .reverse();
    const { rows, last } = cut(wanted);
    return { deliveries: rows.map(({ delivery }) => delivery), before: last?.at ?? null };
  },

  view({ deliveries, before }, { now, query }) {
    return {
      title: "Deliveries",
      lead: "Each webhook of the local PostHog and the local Segment, with what the app answered.",
      content: (
        <Panel
          title="Newest first"
          footer={
            before === null ? undefined : (
              <a href={link("/studio/deliveries", { ...query, before })}>Older deliveries</a>
            )
          }
        >
          {deliveries.length === 0 ? (
            <Empty icon="deliveries" title="Nothing was delivered yet">
              <a href="/studio/fire">Fire an event</a>.
            </Empty>
          ) : (
            <Table caption="Deliveries" columns={["Event", "Source", "Person", "Answer", "Delivered"]}>
              {deliveries.map((one) => (
                <tr key={one.id}>
                  <th scope="row">
                    <a href={deliveryPath(one.id)}>{one.event}</a>
                  </th>
                  <td>{SOURCE_NAMES[one.source]}</td>
                  <td>{personOf(one)}</td>
                  <td className="long">
                    <Answer {...one.attempts.at(-1)} />
                  </td>
                  <td>
                    <When at={one.attempts.at(-1)?.at ?? null} now={now} />
                    {one.attempts.length > 1 ? <span className="two">{one.attempts.length} attempts</span> : null}
                  </td>
                </tr>
              ))}
            </Table>
          )}
        </Panel>
      ),
    };
  },
});

interface OneDelivery {
  delivery: SandboxDelivery;
  runs: ListedRun[];
}

/** One of them, to send again as it is or changed. */
export const deliveryPage = sandboxPage<OneDelivery>({
  path: "/deliveries/:delivery",
  async read({ facts, sandbox, params }) {
    const delivery = sandbox.deliveries().find(({ id }) => id === params.delivery);
    if (delivery === undefined) return null;
    const { eventUuid } = delivery;
    const runs =
      eventUuid === "" ? [] : await facts.listRuns({ limit: MOST_RUNS, about: aboutOf(eventUuid, { facts }) });
    return { delivery, runs: listed(runs, await facts.decisionsOf(runs.map(({ transactionId }) => transactionId))) };
  },

  view({ delivery, runs }, { now, token, here }) {
    const { id, source, event, distinctId, eventUuid, body, attempts } = delivery;
    return {
      title: event,
      content: (
        <>
          <Panel
            title="What the app answered"
            aside={
              <form method="post" action="/studio/deliveries/resend">
                <Hidden fields={{ token, here, delivery: id }} />
                <button type="submit" className="button small">
                  <Icon name="again" />
                  Resend
                </button>
              </form>
            }
          >
            <div className="body">
              {attempts.map((attempt) => (
                <div key={attempt.at}>
                  <Answer {...attempt} />
                  <p className="quiet">
                    {exact(attempt.at)}, after {Math.max(1, Math.round(attempt.ms))} ms
                  </p>
                </div>
              ))}
              <dl className="facts">
                <div>
                  <dt>Source</dt>
                  <dd>{SOURCE_NAMES[source]}</dd>
                </div>
                <div>
                  <dt>Person</dt>
                  <dd>{personOf(delivery)}</dd>
                </div>
                <div>
                  <dt>{source === "segment" ? "Message id" : "Event uuid"}</dt>
                  <dd>{eventUuid === "" ? "–" : <Id>{eventUuid}</Id>}</dd>
                </div>
                <div>
                  <dt>Webhook id</dt>
                  <dd>
                    <Id>{id}</Id>
                  </dd>
                </div>
              </dl>
            </div>
          </Panel>
          <Panel title={runs.length === 1 ? "The run it is about" : "The runs it is about"}>
            {runs.length === 0 ? (
              <Empty icon="runs" title="It began and ended no run">
                {distinctId === "" ? (
                  "Nothing in it could be read."
                ) : (
                  <a href={link("/studio/why", { person: distinctId })}>Everything about this person</a>
                )}
              </Empty>
            ) : (
              <RunTable runs={runs} now={now} />
            )}
          </Panel>
          <Panel title="The body">
            <div className="body">
              <form method="post" action="/studio/deliveries/paste" className="form">
                <Hidden fields={{ token, here, source }} />
                <label className="field">
                  As it was sent, with line breaks; what you change is signed anew
                  <textarea name="body" rows={18} defaultValue={pretty(body)} spellCheck={false} />
                </label>
                <button type="submit" className="button">
                  <Icon name="deliveries" />
                  Send as edited
                </button>
              </form>
              <details data-key="raw">
                <summary>The exact bytes</summary>
                <pre>{body}</pre>
              </details>
            </div>
          </Panel>
        </>
      ),
    };
  },
});

/** The same bytes from the same source, under another webhook id. */
export const resendAction: SandboxAction = {
  path: "/deliveries/resend",
  async run({ delivery: wanted }, sandbox) {
    const delivery = sandbox.deliveries().find(({ id }) => id === wanted);
    if (delivery === undefined) throw new Error("that delivery is no longer there");
    return deliveryPath(await sandbox.deliver(delivery.body, delivery.source));
  },
};

function personOf({ distinctId, source }: SandboxDelivery): ReactNode {
  return distinctId === "" ? "–" : <a href={personPath(distinctId, source)}>{distinctId}</a>;
}

function pretty(body: string): string {
  const parsed = parseJson(body);
  return parsed === undefined ? body : JSON.stringify(parsed, null, 2);
}
