import type { SandboxMessage } from "../../contracts/sandbox.ts";
import { CHANNEL_NAMES } from "../../explain/words.ts";
import { link } from "../page.ts";
import { MessageTable } from "../pages/message-fields.tsx";
import { Empty, olderLink, Panel, Tabs } from "../ui/parts.tsx";
import { newestFirst, sandboxPage } from "./sandbox-page.ts";

interface Messages {
  messages: SandboxMessage[];
  channel: string;
  person: string;
  before: number | null;
}

/** The messages that were sent, on every channel. */
export const messagesPage = sandboxPage<Messages>({
  path: "/messages",
  async read({ sandbox, query: { channel = "", person = "", before: shownBefore } }) {
    const { rows, before } = newestFirst(sandbox.messages(), {
      before: shownBefore,
      isWanted: (message) =>
        (channel === "" || message.channel === channel) && (person === "" || message.subscriberId === person),
    });
    return { messages: rows, channel, person, before };
  },

  view({ messages, channel, person, before }, frame) {
    const tabs = [["", "all"] as const, ...Object.entries(CHANNEL_NAMES)].map(([id, name]) => ({
      name,
      to: link("/studio/messages", { channel: id, person }),
      isCurrent: id === channel,
    }));
    return {
      title: "Messages",
      lead: "The messages that the local Novu sent. No message leaves this machine.",
      content: (
        <Panel
          title={person === "" ? "Newest first" : `To ${person}, newest first`}
          actions={<Tabs label="Channel" tabs={tabs} />}
          footer={olderLink("Older messages", "/studio/messages", { channel, person }, before)}
        >
          {messages.length === 0 ? (
            <Empty icon="messages" title="No message here yet">
              <a href="/studio/fire">Fire an event</a> that starts a workflow, and let time pass.
            </Empty>
          ) : (
            <MessageTable messages={messages} frame={frame} />
          )}
        </Panel>
      ),
    };
  },
});
