import type { ReactElement } from "react";
import type { SandboxMessage } from "../../contracts/sandbox.ts";
import { link, messagePath } from "../page.ts";
import { Hidden, Panel, Tabs, When } from "./parts.tsx";

// How each channel's reader sees a message.

const WIDTHS = ["desktop", "phone", "text"] as const;

export interface View {
  as: (typeof WIDTHS)[number];
  scheme: "light" | "dark";
}

export function viewOf(query: Record<string, string>): View {
  return {
    as: WIDTHS.find((one) => one === query.as) ?? "desktop",
    scheme: query.scheme === "dark" ? "dark" : "light",
  };
}

const LONGEST_TITLE = 90;

export function titleOf({ content, channel }: Pick<SandboxMessage, "content" | "channel">): string {
  const text = [content.subject, content.body].find((one) => typeof one === "string" && one !== "");
  if (typeof text !== "string" || (channel === "email" && text !== content.subject)) return `A message by ${channel}`;
  return text.length > LONGEST_TITLE ? `${text.slice(0, LONGEST_TITLE)}…` : text;
}

/** An email in a frame of its own, and its text. */
export function EmailStage({
  path,
  frame,
  view: { as, scheme },
  text,
  query = {},
}: {
  /** The page that it stands on. */
  path: string;
  /** Where its HTML is. */
  frame: string;
  view: View;
  text: string;
  /** What else the addresses of both need. */
  query?: Record<string, string>;
}): ReactElement {
  const tabs = WIDTHS.map((name) => ({
    name: name.charAt(0).toUpperCase() + name.slice(1),
    to: link(path, { ...query, as: name, scheme }),
    isChosen: name === as,
  }));
  const schemes = (["light", "dark"] as const).map((name) => ({
    name: name === "light" ? "Light" : "Dark",
    to: link(path, { ...query, as, scheme: name }),
    isChosen: name === scheme,
  }));
  const body = (
    <iframe
      title={`The email, ${as}, ${scheme}`}
      src={link(frame, { ...query, scheme })}
      sandbox="allow-popups allow-popups-to-escape-sandbox"
    />
  );
  return (
    <Panel
      title="As its reader sees it"
      aside={
        <div className="views">
          <Tabs label="Shown as" tabs={tabs} />
          {as === "text" ? null : <Tabs label="Colours" tabs={schemes} />}
        </div>
      }
    >
      <div className={`stage ${scheme}`}>
        {as === "text" ? (
          <pre>{text === "" ? "There is no text in it." : text}</pre>
        ) : as === "phone" ? (
          <div className="phone-frame">{body}</div>
        ) : (
          body
        )}
      </div>
    </Panel>
  );
}

/** Somebody's notes in the app, with what they can do to each. */
export function Inbox({
  notes,
  chosen,
  now,
  doing,
}: {
  notes: SandboxMessage[];
  chosen: string | null;
  now: number;
  /** What its forms carry; null where nothing can be done. */
  doing: { token: string; here: string } | null;
}): ReactElement {
  return (
    <ul className="inbox">
      {notes.map((note) => {
        const { subject, body, primaryAction, secondaryAction } = note.content;
        const buttons = [primaryAction, secondaryAction].flatMap(labelOf);
        const classes = [note.read ? "" : "unread", note.id === chosen ? "chosen" : ""].join(" ").trim();
        return (
          <li key={note.id} className={classes === "" ? undefined : classes}>
            {doing === null ? (
              <strong>{textOf(subject) || titleOf(note)}</strong>
            ) : (
              <a href={messagePath(note.id)}>{textOf(subject) || titleOf(note)}</a>
            )}
            {textOf(body) === "" ? null : <p>{textOf(body)}</p>}
            {buttons.length === 0 ? null : (
              <p className="state">Its buttons: {buttons.map((one) => `“${one}”`).join(", ")}</p>
            )}
            <p className="state">
              {note.read ? "read" : note.seen ? "seen, unread" : "unseen"} · <When at={note.sentAt} now={now} />
            </p>
            {note.read || doing === null ? null : (
              <form method="post" action="/studio/messages/mark">
                <Hidden fields={{ ...doing, message: note.id }} />
                {note.seen ? null : (
                  <button type="submit" name="as" value="seen" className="button small">
                    Mark as seen
                  </button>
                )}
                <button type="submit" name="as" value="read" className="button small first">
                  Mark as read
                </button>
              </form>
            )}
          </li>
        );
      })}
    </ul>
  );
}

/** A push, a text message or a chat message on a phone. */
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
          {subject === "" ? null : <strong>{subject}</strong>}
          <span>{body}</span>
        </div>
      </div>
    );
  return (
    <div className="device plain">
      <p className="from">{channel === "sms" ? "Text message" : "Your app, in their chat"}</p>
      <p className="bubble">{body}</p>
    </div>
  );
}

function labelOf(action: unknown): string[] {
  const label = (action as { label?: unknown } | null | undefined)?.label;
  return typeof label === "string" ? [label] : [];
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
