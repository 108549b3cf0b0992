import type { ReactElement } from "react";
import type { SandboxDelivery } from "../../contracts/sandbox.ts";
import { parseJson } from "../../lib/json.ts";
import { type Frame, link } from "../page.ts";
import { type ListedRun, listed, RunTable } from "../pages/run-table.tsx";
import { aboutOf } from "../pages/runs.tsx";
import { FieldList } from "../ui/fields.tsx";
import { PostForm, Submit } from "../ui/forms.tsx";
import { Empty, exact, Panel } from "../ui/parts.tsx";
import { Answer } from "./app-answer.tsx";
import { DELIVERY_FIELDS } from "./delivery-fields.tsx";
import { deliveryPath, type SandboxAction, sandboxPage } from "./sandbox-page.ts";

const MOST_RUNS = 20;

interface OneDelivery {
  delivery: SandboxDelivery;
  runs: ListedRun[];
}

/** One webhook, to send again as it is or changed. */
export const deliveryPage = sandboxPage<OneDelivery>({
  path: "/deliveries/:delivery",
  async read({ facts, sandbox, params }) {
    const delivery = sandbox.deliveries().find(({ id }) => id === params.delivery);
    if (delivery === undefined) return null;
    const { eventUuid } = delivery;
    const runs =
      eventUuid === "" ? [] : await facts.runs.list({ limit: MOST_RUNS, about: aboutOf(eventUuid, { facts }) });
    return {
      delivery,
      runs: listed(runs, await facts.decisions.listOfRuns(runs.map(({ transactionId }) => transactionId))),
    };
  },

  view: ({ delivery, runs }, frame) => ({
    title: delivery.event,
    content: (
      <>
        <AnswerPanel delivery={delivery} frame={frame} />
        <Panel title={runs.length === 1 ? "Its run" : "Its runs"}>
          {runs.length === 0 ? (
            <Empty icon="runs" title="The event started and ended no run">
              {delivery.distinctId === "" ? (
                "The app could not read it."
              ) : (
                <a href={link("/studio/why", { person: delivery.distinctId })}>See everything about this person</a>
              )}
            </Empty>
          ) : (
            <RunTable runs={runs} frame={frame} />
          )}
        </Panel>
        <BodyPanel delivery={delivery} frame={frame} />
      </>
    ),
  }),
});

interface PanelProps {
  delivery: SandboxDelivery;
  frame: Frame;
}

function AnswerPanel({ delivery, frame }: PanelProps): ReactElement {
  return (
    <Panel
      title="The answer of the app"
      padded={true}
      actions={
        <PostForm
          action="/studio/deliveries/resend"
          fields={{ token: frame.token, here: frame.here, delivery: delivery.id }}
        >
          <Submit icon="again" look="small">
            Resend
          </Submit>
        </PostForm>
      }
    >
      {delivery.attempts.map((attempt) => (
        <div key={attempt.at}>
          <Answer {...attempt} />
          <p className="quiet">
            {exact(attempt.at)}, after {Math.max(1, Math.round(attempt.ms))} ms
          </p>
        </div>
      ))}
      <FieldList fields={DELIVERY_FIELDS} row={delivery} frame={frame} />
    </Panel>
  );
}

function BodyPanel({ delivery: { source, body }, frame: { token, here } }: PanelProps): ReactElement {
  return (
    <Panel title="The body" padded={true}>
      <PostForm action="/studio/deliveries/paste" className="form" fields={{ token, here, source }}>
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
