import type { ReactElement } from "react";
import type { SandboxMessage } from "../../contracts/sandbox.ts";
import { nameOf } from "../../explain/explanation.ts";
import { CHANNEL_NAMES, noteOf } from "../../explain/words.ts";
import { type Frame, link, messagePath, personPath } from "../page.ts";
import { MESSAGE_FIELDS, MessageTable } from "../pages/message-fields.tsx";
import { FieldList } from "../ui/fields.tsx";
import { Empty, olderLink, Panel, Tabs } from "../ui/parts.tsx";
import { Device, EmailStage, Inbox, type ReaderView, titleOf, viewOf } from "../ui/readers.tsx";
import { backTo, newestFirst, type SandboxAction, sandboxPage } from "./sandbox-page.ts";

/** Each is empty for all messages. */
interface Filter {
  person: string;
  workflow: string;
  /** The transaction id of a run. */
  run: string;
}

interface Messages extends Filter {
  messages: SandboxMessage[];
  channel: string;
  before: number | null;
}

/** The messages that were sent, on every channel. */
export const messagesPage = sandboxPage<Messages>({
  path: "/messages",
  async read({ sandbox, query: { channel = "", person = "", workflow = "", run = "", before: shownBefore } }) {
    const { rows, before } = newestFirst(sandbox.messages(), {
      before: shownBefore,
      isWanted: (message) =>
        (channel === "" || message.channel === channel) &&
        (person === "" || message.subscriberId === person) &&
        (workflow === "" || message.workflowId === workflow) &&
        (run === "" || message.transactionId === run),
    });
    return { messages: rows, channel, person, workflow, run, before };
  },

  view({ messages, channel, before, ...filter }, { workflows }) {
    const tabs = [["", "all"] as const, ...Object.entries(CHANNEL_NAMES)].map(([id, name]) => ({
      name,
      to: link("/studio/messages", { ...filter, channel: id }),
      isCurrent: id === channel,
    }));
    return {
      title: "Messages",
      lead: "The messages that the local Novu sent. No message leaves this machine.",
      content: (
        <Panel
          title={titleFor(filter, workflows)}
          actions={<Tabs label="Channel" tabs={tabs} />}
          footer={olderLink("Older messages", "/studio/messages", { ...filter, channel }, before)}
        >
          <MessageTable
            messages={messages}
            empty={
              <Empty icon="messages" title="No message here yet">
                <a href="/studio/fire">Fire an event</a> that starts a workflow, and let time pass.
              </Empty>
            }
          />
        </Panel>
      ),
    };
  },
});

function titleFor({ person, workflow, run }: Filter, workflows: Frame["workflows"]): string {
  const words = [
    ...(run === "" ? [] : ["of one run"]),
    ...(workflow === "" ? [] : [`of ${nameOf(workflow, workflows)}`]),
    ...(person === "" ? [] : [`to ${person}`]),
  ];
  return words.length === 0 ? "Newest first" : `Messages ${words.join(" ")}, newest first`;
}

interface OneMessage {
  message: SandboxMessage;
  /** The note on the message's decision; null if there is none. */
  note: string | null;
  /** All in-app messages of the person, newest first. */
  inbox: SandboxMessage[];
  text: string;
  view: ReaderView;
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
    const decisions = await facts.decisions.listOfRuns([message.transactionId]);
    const decision = decisions.find(({ step }) => step === message.stepId);
    const note = decision === undefined ? null : noteOf(decision);
    const { body } = message.content;
    const text = message.channel === "email" && typeof body === "string" ? sandbox.textOf(body) : "";
    return { message, note, inbox, text: message.mail?.text ?? text, view: viewOf(query) };
  },

  view(model) {
    const { message, note } = model;
    const { body: _body, ...headers } = message.content;
    const { mail, providers } = message;
    const files = mail && mail.attachments.length > 0 ? { attachments: mail.attachments } : {};
    return {
      title: titleOf(message),
      content: (
        <>
          <Shown {...model} />
          <Panel title="The message" padded={true}>
            <FieldList fields={MESSAGE_FIELDS} row={message} />
            {note === null ? null : <p className="quiet">{note}</p>}
            <pre>
              {JSON.stringify({ ...headers, ...mail?.headers, ...files, ...(providers && { providers }) }, null, 2)}
            </pre>
          </Panel>
        </>
      ),
    };
  },
});

function Shown({ message, inbox, text, view }: OneMessage): ReactElement {
  const path = messagePath(message.id);
  if (message.channel === "email") return <EmailStage path={path} view={view} text={text} />;
  if (message.channel !== "in_app")
    return (
      <Panel title="On the phone">
        <div className="stage">
          <Device message={message} />
        </div>
      </Panel>
    );
  return (
    <Panel
      title={`Inbox of ${message.subscriberId}`}
      actions={
        <p>
          Later steps of the run see when a message is seen or read.{" "}
          <a href={`${personPath(message.subscriberId)}/inbox`}>Open Novu's Inbox</a>
        </p>
      }
    >
      <div className="stage">
        <Inbox messages={inbox} current={message.id} />
      </div>
    </Panel>
  );
}

/** Marks an in-app message, as the person would. */
export const markAction: SandboxAction = {
  path: "/messages/mark",
  async run({ message = "", as, here }, sandbox) {
    await sandbox.mark(message, as === "read" ? "read" : "seen");
    return backTo(here);
  },
};
