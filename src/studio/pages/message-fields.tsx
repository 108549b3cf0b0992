import type { ReactElement } from "react";
import type { SandboxMessage } from "../../contracts/sandbox.ts";
import { messagePath, personPath, runPath } from "../page.ts";
import { type Field, RowTable, WorkflowLink } from "../ui/fields.tsx";
import { channelName, Id, Pill, When } from "../ui/parts.tsx";
import { titleOf } from "../ui/readers.tsx";

export function MessageTable({ messages, empty }: { messages: SandboxMessage[]; empty: ReactElement }): ReactElement {
  const fields = [MESSAGE, PERSON, CHANNEL, WORKFLOW, RUN, SENT];
  return <RowTable caption="Messages" fields={fields} rows={messages} keyOf={({ id }) => id} empty={empty} />;
}

const MESSAGE: Field<SandboxMessage> = {
  name: "Message",
  kind: "long",
  of: (message) => (
    <>
      <a href={messagePath(message.id)}>{titleOf(message)}</a>
      {message.to === null ? null : <span className="two">to {message.to}</span>}
    </>
  ),
};
const PERSON: Field<SandboxMessage> = {
  name: "Person",
  of: ({ subscriberId }) => <a href={personPath(subscriberId)}>{subscriberId}</a>,
};
const CHANNEL: Field<SandboxMessage> = {
  name: "Channel",
  of: ({ channel }) => <Pill tone="quiet">{channelName(channel)}</Pill>,
};
const WORKFLOW: Field<SandboxMessage> = {
  name: "Workflow",
  of: ({ workflowId, stepId }) => (
    <>
      <WorkflowLink id={workflowId} />
      <span className="two">
        <Id>{stepId}</Id>
      </span>
    </>
  ),
};
const RUN: Field<SandboxMessage> = {
  name: "Run",
  of: ({ transactionId }) => <a href={runPath(transactionId)}>see the run</a>,
};
const SENT: Field<SandboxMessage> = { name: "Sent", of: ({ sentAt }) => <When at={sentAt} /> };

/** The fields on the page of one message. */
export const MESSAGE_FIELDS: Array<Field<SandboxMessage>> = [
  CHANNEL,
  { name: "To", of: ({ to }) => to ?? "the app itself" },
  PERSON,
  WORKFLOW,
  RUN,
  SENT,
];
