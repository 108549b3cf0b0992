import type { ReactElement } from "react";
import type { Decision } from "../../contracts/decision.ts";
import { notSentBecause } from "../../explain/words.ts";
import { link, personPath, runStepPath, useFrame } from "../page.ts";
import { type Field, RowTable, WorkflowLink } from "../ui/fields.tsx";
import { channelName, Empty, Id, Panel, Pill, When } from "../ui/parts.tsx";
import { MessageLink, SentPill, UnsentLink } from "../ui/sent.tsx";

/** A message that was decided: sent, or not. */
export interface DecidedMessage extends Pick<Decision, "workflow" | "step" | "channel" | "distinctId" | "outcome"> {
  decidedAt: string;
  personRef: string;
  runRef: string;
  /** The reason in words; null for a message that was sent. */
  because: string | null;
  /** Whether Novu has not reported that it was sent. */
  isUnconfirmed: boolean;
}

/** The newest first. Of the same time, the later step first: `decisions` has the oldest first. */
export function decidedMessages(decisions: Decision[]): DecidedMessage[] {
  return decisions
    .map((decision) => ({
      ...{ workflow: decision.workflow, step: decision.step, channel: decision.channel },
      distinctId: decision.distinctId,
      outcome: decision.outcome,
      decidedAt: decision.decidedAt,
      personRef: decision.distinctId,
      runRef: decision.transactionId,
      because: decision.outcome === "sent" ? null : notSentBecause(decision, null),
      isUnconfirmed: decision.receipt === "no answer",
    }))
    .reverse()
    .sort((one, other) => other.decidedAt.localeCompare(one.decidedAt));
}

export function NewestMessages({ messages }: { messages: DecidedMessage[] }): ReactElement {
  const isSandbox = useFrame().messageOf !== null;
  return (
    <Panel
      title="Newest messages"
      actions={
        isSandbox ? <a href="/studio/messages">All messages that were sent</a> : <a href="/studio/runs">All runs</a>
      }
    >
      <RowTable
        caption="Newest messages, sent or not"
        fields={FIELDS}
        rows={messages}
        keyOf={({ runRef, step }) => `${runRef} ${step}`}
        empty={
          <Empty icon="messages" title="No message yet">
            {isSandbox ? (
              <>
                <a href="/studio/fire">Fire an event</a> that starts a workflow, and let time pass.
              </>
            ) : (
              <>
                A message appears here when it is sent, or when a reason speaks against it.{" "}
                <a href="/studio/workflows">See the events that start each workflow</a>.
              </>
            )}
          </Empty>
        }
      />
    </Panel>
  );
}

const FIELDS: Array<Field<DecidedMessage>> = [
  {
    name: "Message",
    kind: "long",
    of: (message) => (
      <>
        <MessageLink run={message.runRef} step={message.step}>
          <Id>{message.step}</Id>
        </MessageLink>
        <span className="two">
          {channelName(message.channel)} of <WorkflowLink id={message.workflow} />
        </span>
      </>
    ),
  },
  {
    name: "Person",
    of: ({ personRef, distinctId, workflow }) => (
      <>
        <a href={personPath(personRef)}>{distinctId}</a>
        <span className="two">
          <a href={link("/studio/why", { person: personRef, workflow })}>why?</a>
        </span>
      </>
    ),
  },
  {
    name: "Result",
    kind: "long",
    of: (message) =>
      message.because === null ? (
        <SentPill run={message.runRef} step={message.step} isUnconfirmed={message.isUnconfirmed} />
      ) : (
        <>
          <a href={runStepPath(message.runRef, message.step)}>
            <Pill tone={message.outcome === "failed" ? "bad" : "warn"}>
              {message.outcome === "failed" ? "failed" : "not sent"}
            </Pill>
          </a>
          <span className="two">
            because {message.because}{" "}
            <UnsentLink run={message.runRef} step={message.step} workflow={message.workflow} />
          </span>
        </>
      ),
  },
  { name: "When", of: ({ decidedAt }) => <When at={decidedAt} /> },
];
