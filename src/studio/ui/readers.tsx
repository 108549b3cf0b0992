import type { ReactElement } from "react";
import type { SandboxMessage } from "../../contracts/sandbox.ts";
import { link, messagePath } from "../page.ts";
import { PostForm, Submit } from "./forms.tsx";
import { channelName, Panel, Tabs, When } from "./parts.tsx";

// Messages of each channel as the reader sees them.

const WIDTHS = ["desktop", "phone", "text"] as const;

export interface ReaderView {
  as: (typeof WIDTHS)[number];
  scheme: "light" | "dark";
}

export function viewOf(query: Record<string, string>): ReaderView {
  return {
    as: WIDTHS.find((one) => one === query.as) ?? "desktop",
    scheme: query.scheme === "dark" ? "dark" : "light",
  };
}

const LONGEST_TITLE = 90;

export function titleOf({ content, channel }: Pick<SandboxMessage, "content" | "channel">): string {
  const text = [content.subject, content.body, cardText(content.card)].find(
    (one) => typeof one === "string" && one !== "",
  );
  if (typeof text !== "string" || (channel === "email" && text !== content.subject))
    return `A message by ${channelName(channel)}`;
  return text.length > LONGEST_TITLE ? `${text.slice(0, LONGEST_TITLE)}…` : text;
}

/** An email in a frame, or its text part. */
export function EmailStage({
  path,
  view: { as, scheme },
  text,
  version,
  query = {},
}: {
  /** The path of the page that shows the email. The email's HTML is at this path, followed by `/body`. */
  path: string;
  view: ReaderView;
  text: string;
  /** Changes with the email, so that an open page loads the frame again; absent for an email that was sent. */
  version?: string;
  /** More query parameters, for the page and for the HTML. */
  query?: Record<string, string>;
}): ReactElement {
  const tabs = WIDTHS.map((name) => ({
    name: name.charAt(0).toUpperCase() + name.slice(1),
    to: link(path, { ...query, as: name, scheme }),
    isCurrent: name === as,
  }));
  const schemes = (["light", "dark"] as const).map((name) => ({
    name: name === "light" ? "Light" : "Dark",
    to: link(path, { ...query, as, scheme: name }),
    isCurrent: name === scheme,
  }));
  const body = (
    <iframe
      title={`The email, ${as}, ${scheme}`}
      src={link(`${path}/body`, { ...query, scheme, version })}
      sandbox="allow-popups allow-popups-to-escape-sandbox"
    />
  );
  return (
    <Panel
      title="Preview"
      actions={
        <div className="views">
          <Tabs label="Shown as" tabs={tabs} />
          {as === "text" ? null : <Tabs label="Colours" tabs={schemes} />}
        </div>
      }
    >
      <div className={`stage ${scheme}`}>
        {as === "text" ? (
          <pre dir="auto">{text === "" ? "The email has no text." : text}</pre>
        ) : as === "phone" ? (
          <div className="phone-frame">{body}</div>
        ) : (
          body
        )}
      </div>
    </Panel>
  );
}

/** The in-app messages of a person, with the actions on each. */
export function Inbox({
  messages,
  current,
}: {
  messages: SandboxMessage[];
  /** The message of the page; null in a preview, which has no links and no actions. */
  current: string | null;
}): ReactElement {
  return (
    <ul className="inbox">
      {messages.map((message) => {
        const { subject, body, primaryAction, secondaryAction } = message.content;
        const buttons = [primaryAction, secondaryAction].flatMap(labelOf);
        const classes = [message.read ? "" : "unread", message.id === current ? "current" : ""].join(" ").trim();
        return (
          <li key={message.id} className={classes === "" ? undefined : classes}>
            {current === null ? (
              <strong dir="auto">{textOf(subject) || titleOf(message)}</strong>
            ) : (
              <a href={messagePath(message.id)} dir="auto">
                {textOf(subject) || titleOf(message)}
              </a>
            )}
            {textOf(body) === "" ? null : <p dir="auto">{textOf(body)}</p>}
            {buttons.length === 0 ? null : (
              <p className="state">Buttons: {buttons.map((one) => `“${one}”`).join(", ")}</p>
            )}
            <p className="state">
              {stateOf(message)} · <When at={message.sentAt} />
            </p>
            {message.read || current === null ? null : (
              <PostForm action="/studio/messages/mark" fields={{ message: message.id }}>
                {message.seen ? null : (
                  <Submit name="as" value="seen" look="small">
                    Mark as seen
                  </Submit>
                )}
                <Submit name="as" value="read" look="small first">
                  Mark as read
                </Submit>
              </PostForm>
            )}
          </li>
        );
      })}
    </ul>
  );
}

function stateOf({ seen, read, archivedAt }: SandboxMessage): string {
  if (archivedAt != null) return "archived";
  return read ? "read" : seen ? "seen, unread" : "unseen";
}

/** A push, an SMS or a chat message on a phone. */
export function Device({
  message: { channel, content },
}: {
  message: Pick<SandboxMessage, "channel" | "content">;
}): ReactElement {
  const [subject, body] = [textOf(content.subject), textOf(content.body)];
  if (channel === "push")
    return (
      <div className="device">
        <div className="card">
          <small>
            <span>Your app</span>
            <span>now</span>
          </small>
          {subject === "" ? null : <strong dir="auto">{subject}</strong>}
          <span dir="auto">{body}</span>
        </div>
      </div>
    );
  return (
    <div className="device plain">
      <p className="from">{channel === "sms" ? "SMS" : channel === "tool" ? "For a tool" : "Your app, in a chat"}</p>
      <p className="bubble" dir="auto">
        {body === "" ? cardText(content.card) : body}
      </p>
    </div>
  );
}

/** The texts of a chat card, in its order. */
function cardText(card: unknown): string {
  if (typeof card !== "object" || card === null) return "";
  const { title, subtitle, content, label, children } = card as Record<string, unknown>;
  const inside = Array.isArray(children) ? children.map(cardText) : [];
  return [title, subtitle, content, label, ...inside]
    .map(textOf)
    .filter((text) => text !== "")
    .join(" · ");
}

function labelOf(action: unknown): string[] {
  const label = (action as { label?: unknown } | null | undefined)?.label;
  return typeof label === "string" ? [label] : [];
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
