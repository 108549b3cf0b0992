import type { ReactElement, ReactNode } from "react";
import { isChannel } from "../../contracts/channel.ts";
import type { Queue } from "../../contracts/job.ts";
import { CHANNEL_NAMES } from "../../explain/words.ts";
import { formatDuration } from "../../lib/durations.ts";
import { link, useFrame } from "../page.ts";

export type Tone = "good" | "bad" | "warn" | "info" | "quiet";

/** A state in a word. The colour adds no information. */
export function Pill({ tone, count, children }: { tone: Tone; count?: number; children: ReactNode }): ReactElement {
  return (
    <span className={`pill ${tone}`}>
      {count === undefined ? <Icon name={tone} /> : <b>{number(count)}</b>}
      {children}
    </span>
  );
}

export interface LinkedPill {
  tone: Tone;
  text: string;
  count?: number;
  /** The URL of a link. */
  to?: string;
}

/** Pills side by side, without pills whose count is 0. */
export function Pills({ pills }: { pills: LinkedPill[] }): ReactElement {
  const shown = pills.filter(({ count }) => count !== 0);
  return (
    <span className="stack">
      {shown.map(({ text, to, ...pill }) => {
        const key = `${pill.tone} ${text}`;
        const one = (
          <Pill key={key} {...pill}>
            {text}
          </Pill>
        );
        return to === undefined ? (
          one
        ) : (
          <a key={key} href={to}>
            {one}
          </a>
        );
      })}
    </span>
  );
}

/** "2 h ago", with the exact time as its title. */
export function When({ at }: { at: number | string | null }): ReactElement {
  const { now } = useFrame();
  if (at === null) return <span className="quiet">–</span>;
  const date = new Date(at);
  const ms = now - date.getTime();
  const words = Math.abs(ms) < 1_000 ? "just now" : ms > 0 ? `${coarse(ms)} ago` : `in ${coarse(-ms)}`;
  return (
    <time dateTime={date.toISOString()} title={exact(date)}>
      {words}
    </time>
  );
}

/** "2026-03-02 09:00:00 UTC" */
export function exact(at: Date | string | number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** Only the largest unit: "2 h 5 min" becomes "2 h". */
function coarse(ms: number): string {
  return formatDuration(ms).split(" ").slice(0, 2).join(" ");
}

export function number(count: number): string {
  return count.toLocaleString("en");
}

/** An id. A click selects all of it. */
export function Id({ children }: { children: string }): ReactElement {
  return <code className="id">{children}</code>;
}

export function Panel({
  title,
  actions,
  footer,
  padded = false,
  children,
}: {
  title: string;
  /** Beside the title. */
  actions?: ReactNode;
  footer?: ReactNode;
  /** Adds space around the content. Tables and lists need none. */
  padded?: boolean;
  children: ReactNode;
}): ReactElement {
  return (
    <section className="panel" aria-label={title}>
      <header>
        <h2>{title}</h2>
        {actions}
      </header>
      {padded ? <div className="body">{children}</div> : children}
      {footer ? <footer>{footer}</footer> : null}
    </section>
  );
}

/** The text in place of an empty list, with the next thing to do. */
export function Empty({ icon, title, children }: { icon: IconName; title: string; children: ReactNode }): ReactElement {
  return (
    <div className="empty">
      <Icon name={icon} />
      <strong>{title}</strong>
      <p>{children}</p>
    </div>
  );
}

export function Notice({ tone, children }: { tone: Tone; children: ReactNode }): ReactElement {
  return (
    <div className={`notice ${tone}`}>
      <Icon name={tone} />
      <p>{children}</p>
    </div>
  );
}

/** Links to the views of one page. */
export function Tabs({
  label,
  tabs,
}: {
  label: string;
  tabs: Array<{ name: string; to: string; isCurrent: boolean }>;
}): ReactElement {
  return (
    <nav className="tabs" aria-label={label}>
      {tabs.map(({ name, to, isCurrent }) => (
        <a key={name} href={to} aria-current={isCurrent ? "true" : undefined}>
          {name}
        </a>
      ))}
    </nav>
  );
}

/** The link to the next page of a list, for the list's footer; null on the last page. */
export function olderLink(
  name: string,
  path: string,
  query: Record<string, string | undefined>,
  before: string | number | null,
): ReactElement | null {
  return before === null ? null : <a href={link(path, { ...query, before })}>{name}</a>;
}

/** The outlines of the icons, on a grid of 24. Each icon is beside a word with the same meaning. */
const PATHS = {
  overview: "M4 13h6V4H4zM14 20h6V4h-6zM4 20h6v-4H4z",
  runs: "M4 6h10M4 12h16M4 18h7",
  why: "M9.2 9a3 3 0 1 1 4.3 3c-1 .6-1.5 1.2-1.5 2.3M12 18h.01M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18",
  queue: "M4 7h16M4 12h16M4 17h9M17 15v5m-2.5-2.5 2.5 2.5 2.5-2.5",
  ignored: "M4 5h16v5H4zM6 10v9h12v-9M10 14h4",
  workflows: "M6 4v10a4 4 0 0 0 4 4h8M15 15l3 3-3 3M6 8h7a3 3 0 0 0 3-3V4",
  good: "M5 13l4.5 4.5L19 7",
  bad: "M6 6l12 12M18 6 6 18",
  warn: "M12 4v9M12 18.5v.5",
  info: "M12 10.5V19M12 5.5V6",
  quiet: "M8 12h8",
  eye: "M2 12s3.5-7 10-7 10 7 10 7-3.5 7-10 7-10-7-10-7zM12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6",
  again: "M4 12a8 8 0 1 0 2.5-5.8M4 4v4h4",
  clock: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M12 7v5l3.5 2",
  messages: "M4 5h16v12H10l-4 3v-3H4z",
  fire: "M13 3 5 14h6l-1 7 8-11h-6z",
  deliveries: "M4 12h12M12 7l5 5-5 5M20 5v14",
  people: "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8M4 20c1-4 4-5.5 8-5.5s7 1.5 8 5.5",
  story: "M6 3h9l4 4v14H6zM9 12h7M9 16h5",
  search: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14M16 16l4.5 4.5",
} as const;
export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }): ReactElement {
  return (
    <svg
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth="2"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}

export function Mark(): ReactElement {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="9" fill="#4f46e5" />
      <path
        d="M6 21c3-9 17-9 20 0M11 16v6M21 16v6M16 14v8"
        fill="none"
        stroke="#fff"
        strokeWidth="2.5"
        strokeLinecap="round"
      />
    </svg>
  );
}

/** The service that the jobs of a queue wait for. */
export const QUEUE_NAMES: Record<Queue, string> = {
  novu: "Novu: runs",
  receipts: "Novu: receipts",
  persons: "Novu: addresses",
  subscribers: "Novu: subscribers",
  posthog: "PostHog",
};

/** The name of a channel; any other step type of Novu is returned unchanged. */
export function channelName(channel: string): string {
  return isChannel(channel) ? CHANNEL_NAMES[channel] : channel;
}
