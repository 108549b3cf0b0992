import type { ReactElement } from "react";
import type { SandboxMessage } from "../../contracts/sandbox.ts";
import { noteOf } from "../../explain/reasons.ts";
import { backTo, cut, link, messagePath, personPath, runPath, type SandboxAction, sandboxPage } from "../page.ts";
import { Empty, Id, Panel, Pill, Table, Tabs, When } from "../ui/parts.tsx";
import { Device, EmailStage, Inbox, titleOf, type View, viewOf } from "../ui/readers.tsx";
import { idOf } from "./queue.tsx";

const CHANNELS = ["email", "in_app", "push", "sms", "chat"];

interface Messages {
  messages: SandboxMessage[];
  channel: string;
  person: string;
  /** Of the last one, when there are more. */
  before: number | null;
}

/** What was sent, over every channel. */
export const messagesPage = sandboxPage<Messages>({
  path: "/messages",
  async read({ sandbox, query: { channel = "", person = "", before } }) {
    const numbered = sandbox.messages().map((message, at) => ({ message, at }));
    const wanted = numbered
      .filter(
        ({ message, at }) => at < (idOf(before) ?? Number.POSITIVE_INFINITY) && isOf(message, { channel, person }),
      )
      .reverse();
    const { rows, last } = cut(wanted);
    return { messages: rows.map(({ message }) => message), channel, person, before: last?.at ?? null };
  },

  view({ messages, channel, person, before }, { now }) {
    const tabs = ["", ...CHANNELS].map((name) => ({
      name: name === "" ? "All" : channelName(name),
      to: link("/studio/messages", { channel: name, person }),
      isChosen: name === channel,
    }));
    return {
      title: "Messages",
      lead: "What the local Novu has handed over; it reaches nobody.",
      content: (
        <Panel
          title={person === "" ? "Newest first" : `To ${person}, newest first`}
          aside={<Tabs label="Channel" tabs={tabs} />}
          footer={
            before === null ? undefined : (
              <a href={link("/studio/messages", { channel, person, before })}>Older messages</a>
            )
          }
        >
          {messages.length === 0 ? (
            <Empty icon="messages" title="No message here yet">
              <a href="/studio/fire">Fire an event</a> that starts a workflow, and let time pass.
            </Empty>
          ) : (
            <MessageTable messages={messages} now={now} />
          )}
        </Panel>
      ),
    };
  },
});

export function MessageTable({ messages, now }: { messages: SandboxMessage[]; now: number }): ReactElement {
  return (
    <Table caption="Messages" columns={["Message", "Person", "Channel", "Workflow", "Sent"]}>
      {messages.map((message) => (
        <tr key={message.id}>
          <th scope="row" className="long">
            <a href={messagePath(message.id)}>{titleOf(message)}</a>
            {message.to === null ? null : <span className="two">to {message.to}</span>}
          </th>
          <td>
            <a href={personPath(message.subscriberId)}>{message.subscriberId}</a>
          </td>
          <td>
            <Pill tone="quiet">{channelName(message.channel)}</Pill>
          </td>
          <td>
            <a href={runPath(message.transactionId)}>{message.workflowId}</a>
            <span className="two">{message.stepId}</span>
          </td>
          <td>
            <When at={message.sentAt} now={now} />
          </td>
        </tr>
      ))}
    </Table>
  );
}

interface OneMessage {
  message: SandboxMessage;
  /** Which way its address went, and what could not be read of the person. */
  note: string | null;
  /** All of the person's notes in the app, newest first. */
  inbox: SandboxMessage[];
  text: string;
  view: View;
}

/** One message as its reader sees it. */
export const messagePage = sandboxPage<OneMessage>({
  path: "/messages/:message",
  frames: true,
  async read({ facts, sandbox, params, query }) {
    const message = sandbox.messages().find(({ id }) => id === params.message);
    if (message === undefined) return null;
    const inbox = sandbox
      .messages()
      .filter(({ channel, subscriberId }) => channel === "in_app" && subscriberId === message.subscriberId)
      .reverse();
    const decisions = await facts.decisionsOf([message.transactionId]);
    const decision = decisions.find(({ step }) => step === message.stepId);
    const note = decision === undefined ? null : noteOf(decision);
    const { body } = message.content;
    const text = message.channel === "email" && typeof body === "string" ? sandbox.textOf(body) : "";
    return { message, note, inbox, text: message.mail?.text ?? text, view: viewOf(query) };
  },

  view({ message, note, inbox, text, view }, { now, token, here }) {
    const { channel, to, subscriberId, workflowId, stepId, transactionId, sentAt, content } = message;
    const { body: _body, ...headers } = content;
    const path = messagePath(message.id);
    return {
      title: titleOf(message),
      content: (
        <>
          {channel === "email" ? (
            <EmailStage path={path} frame={`${path}/body`} view={view} text={text} />
          ) : channel === "in_app" ? (
            <Panel
              title={`${subscriberId}’s inbox`}
              aside={<p>What they do here is told to the steps that come later.</p>}
            >
              <div className="stage">
                <Inbox notes={inbox} chosen={message.id} now={now} doing={{ token, here }} />
              </div>
            </Panel>
          ) : (
            <Panel title="On their phone">
              <div className="stage">
                <Device message={message} />
              </div>
            </Panel>
          )}
          <Panel title="The message">
            <div className="body">
              <dl className="facts">
                {(
                  [
                    ["Channel", channelName(channel)],
                    ["To", to ?? "the app itself"],
                    [
                      "Person",
                      <a key="person" href={personPath(subscriberId)}>
                        {subscriberId}
                      </a>,
                    ],
                    [
                      "Workflow",
                      <a key="run" href={runPath(transactionId)}>
                        {workflowId}
                      </a>,
                    ],
                    ["Step", <Id key="step">{stepId}</Id>],
                    ["Sent", <When key="sent" at={sentAt} now={now} />],
                  ] as const
                ).map(([name, value]) => (
                  <div key={name}>
                    <dt>{name}</dt>
                    <dd>{value}</dd>
                  </div>
                ))}
              </dl>
              {note === null ? null : <p className="quiet">{note}</p>}
              <pre>{JSON.stringify({ ...headers, ...message.mail?.headers }, null, 2)}</pre>
            </div>
          </Panel>
        </>
      ),
    };
  },
});

/** What the person does in their inbox. */
export const markAction: SandboxAction = {
  path: "/messages/mark",
  async run({ message = "", as, here }, sandbox) {
    await sandbox.mark(message, as === "read" ? "read" : "seen");
    return backTo(here);
  },
};

function isOf(message: SandboxMessage, { channel, person }: { channel: string; person: string }): boolean {
  return (channel === "" || message.channel === channel) && (person === "" || message.subscriberId === person);
}

function channelName(channel: string): string {
  return { in_app: "in-app", sms: "SMS" }[channel] ?? channel;
}
