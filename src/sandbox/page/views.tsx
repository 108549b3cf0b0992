import type { ReactNode } from "react";
import type { Decision } from "../../contracts/decision.ts";
import type { Message, NovuRun } from "../local-novu/state.ts";
import type { Delivery } from "../local-posthog/state.ts";

/** What the page shows, gathered from the sandbox at one moment. */
export interface Snapshot {
  now: number;
  events: string[];
  people: string[];
  messages: Message[];
  runs: NovuRun[];
  decisions: Decision[];
  deliveries: Delivery[];
  /** What was taken and caused nothing. */
  setAside: Array<{ receivedAt: string; reason: string; eventName: string | null }>;
  /** Work that nothing tries again by itself. */
  dead: Array<{ key: string; attempts: number; error: string }>;
}

export function Overview({ now, events, people, messages, runs, decisions, deliveries, setAside, dead }: Snapshot) {
  return (
    <Page title="Sandbox">
      <header>
        <h1>posthog-novu-bridge sandbox</h1>
        <form method="post" action="/travel" className="row">
          <strong>{when(now)}</strong>
          <button type="submit" name="minutes" value="60">
            +1 hour
          </button>
          <button type="submit" name="minutes" value="1440">
            +1 day
          </button>
          <button type="submit" name="minutes" value="10080">
            +1 week
          </button>
          <a href="/">Refresh</a>
        </form>
      </header>

      <section aria-labelledby="fire">
        <h2 id="fire">Fire an event</h2>
        <form method="post" action="/events" className="row">
          <label>
            Event{" "}
            <select name="event">
              {events.map((event) => (
                <option key={event}>{event}</option>
              ))}
            </select>
          </label>
          <label>
            Person <input name="person" list="people" defaultValue={people[0] ?? "ada"} required />
          </label>
          <datalist id="people">
            {people.map((person) => (
              <option key={person} value={person} />
            ))}
          </datalist>
          <button type="submit">Send</button>
        </form>
      </section>

      <Table
        title="Messages"
        columns={["Sent", "Person", "Channel", "Workflow / step", "Message"]}
        empty="No message yet. Fire user_signed_up."
      >
        {messages.map((message) => (
          <tr key={message.id}>
            <td>{when(message.sentAt)}</td>
            <td>{message.subscriberId}</td>
            <td>{message.channel}</td>
            <td>
              {message.workflowId} / {message.stepId}
            </td>
            <td>
              <a href={`/messages/${message.id}`}>{titleOf(message)}</a>
            </td>
          </tr>
        ))}
      </Table>

      <Table
        title="Decisions"
        columns={["Decided", "Person", "Workflow / step", "Outcome", "Reason", "Person as of"]}
        empty="Nothing decided yet."
      >
        {decisions.map((decision) => (
          <tr key={`${decision.transactionId} ${decision.step}`}>
            <td>{when(Date.parse(decision.decidedAt))}</td>
            <td>{decision.distinctId}</td>
            <td>
              {decision.workflow} / {decision.step}
            </td>
            <td>{decision.outcome}</td>
            <td>{[decision.reason, decision.detail].filter((part) => part !== null).join(": ")}</td>
            <td>
              {decision.personSource === "snapshot"
                ? "the event (PostHog was unavailable)"
                : decision.personSource === null
                  ? ""
                  : "this moment"}
            </td>
          </tr>
        ))}
      </Table>

      <Table title="Runs" columns={["Started", "Person", "Workflow", "Steps"]} empty="No run yet.">
        {runs.map((run) => (
          <tr key={`${run.transactionId} ${run.startedAt}`}>
            <td>{when(run.startedAt)}</td>
            <td>{run.subscriberId}</td>
            <td>{run.workflowId}</td>
            <td>
              {run.jobs.map((job) => (
                <span key={job.id} className={`step ${job.status}`} title={job.error ?? undefined}>
                  {job.stepId} {job.status}
                  {job.status === "delayed" && job.wakesAt !== null && ` until ${when(job.wakesAt)}`}
                </span>
              ))}
            </td>
          </tr>
        ))}
      </Table>

      <Table
        title="Deliveries"
        columns={["At", "Event", "Distinct id", "Answers"]}
        empty="PostHog has sent nothing yet."
      >
        {deliveries.map((delivery) => (
          <tr key={delivery.id}>
            <td>{when(delivery.attempts[0]?.at ?? now)}</td>
            <td>{delivery.event}</td>
            <td>{delivery.distinctId}</td>
            <td>{delivery.attempts.map(({ status, answer }) => `${status ?? "no answer"} ${answer}`).join(" · ")}</td>
          </tr>
        ))}
      </Table>

      <Table title="Set aside" columns={["At", "Event", "Reason"]} empty="Every delivery has caused something.">
        {setAside.map(({ receivedAt, eventName, reason }, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: rendered once, and two of them may be equal
          <tr key={index}>
            <td>{when(Date.parse(receivedAt))}</td>
            <td>{eventName}</td>
            <td>{reason}</td>
          </tr>
        ))}
      </Table>

      <Table title="Given up" columns={["Work", "Tries", "Cause"]} empty="Nothing has failed for good.">
        {dead.map(({ key, attempts, error }) => (
          <tr key={key}>
            <td>{key}</td>
            <td>{attempts}</td>
            <td>{error}</td>
          </tr>
        ))}
      </Table>
    </Page>
  );
}

export function MessagePage({ message }: { message: Message }) {
  return (
    <Page title={titleOf(message)}>
      <p>
        <a href="/">← Sandbox</a>
      </p>
      <h1>{titleOf(message)}</h1>
      <p>
        {message.channel} {message.to === null ? "" : `to ${message.to}`} · {message.workflowId} / {message.stepId} ·{" "}
        {when(message.sentAt)}
      </p>
      <div className="frames">
        <iframe title="As on a desktop" src={`/messages/${message.id}/body`} width="680" />
        <iframe title="As on a phone" src={`/messages/${message.id}/body`} width="375" />
      </div>
    </Page>
  );
}

/** A message without HTML of its own, such as an in-app note. */
export function PlainMessage({ message }: { message: Message }) {
  const { subject, body, primaryAction } = message.content as {
    subject?: string;
    body?: string;
    primaryAction?: { label?: string };
  };
  return (
    <Page title={titleOf(message)}>
      <article className="note">
        <strong>{subject}</strong>
        <p>{body}</p>
        {primaryAction?.label !== undefined && <span className="step completed">{primaryAction.label}</span>}
      </article>
    </Page>
  );
}

function titleOf({ content, channel }: Message): string {
  return typeof content.subject === "string" ? content.subject : `A message by ${channel}`;
}

function when(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

function Table({
  title,
  columns,
  empty,
  children,
}: {
  title: string;
  columns: string[];
  empty: string;
  children: ReactNode[];
}) {
  return (
    <section aria-label={title}>
      <h2>{title}</h2>
      {children.length === 0 ? (
        <p>{empty}</p>
      ) : (
        <div className="scroll">
          <table>
            <thead>
              <tr>
                {columns.map((column) => (
                  <th key={column} scope="col">
                    {column}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>{children}</tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function Page({ title, children }: { title: string; children: ReactNode }) {
  return (
    <html lang="en">
      <head>
        <meta charSet="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>{title}</title>
        <style>{styles}</style>
      </head>
      <body>{children}</body>
    </html>
  );
}

const styles = `
:root { color-scheme: light dark; --line: light-dark(#d9dce3, #343945); --soft: light-dark(#eef0f4, #23262e); }
body { font: 15px/1.5 system-ui, sans-serif; margin: 24px auto; max-width: 1200px; padding: 0 16px; }
h1 { font-size: 20px; } h2 { font-size: 16px; margin: 28px 0 8px; }
header, .row { align-items: center; display: flex; flex-wrap: wrap; gap: 8px 12px; } header { justify-content: space-between; }
button, input, select { font: inherit; padding: 4px 10px; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; } th, td { border-top: 1px solid var(--line); padding: 6px 12px 6px 0; text-align: left; vertical-align: top; } th { font-weight: 600; white-space: nowrap; } td:first-child { white-space: nowrap; } td:last-child { min-width: 220px; }
.step { background: var(--soft); border: 1px solid var(--line); border-radius: 6px; display: inline-block; margin: 0 4px 4px 0; padding: 0 8px; } .step.completed { border-color: light-dark(#2e7d32, #7bc67f); } .step.failed { border-color: light-dark(#b3261e, #f2938c); } .step.canceled, .step.skipped, .step.merged { border-style: dashed; }
.frames { align-items: flex-start; display: flex; flex-wrap: wrap; gap: 24px; } iframe { background: #fff; border: 1px solid var(--line); border-radius: 8px; height: 760px; max-width: 100%; }
.note { border: 1px solid var(--line); border-radius: 8px; max-width: 420px; padding: 16px; }
`;
