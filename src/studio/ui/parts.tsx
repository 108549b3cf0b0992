import type { ReactElement, ReactNode } from "react";
import { formatDuration } from "../../lib/durations.ts";
import { link } from "../page.ts";
import { Icon, type IconName } from "./icons.tsx";

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

/** "2 h ago", with the exact time as its title. */
export function When({ at, now }: { at: number | string | null; now: number }): ReactElement {
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

/** In one unit. */
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
  /** For anything but a table or a list. */
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

/** A table. A wide one scrolls in itself, by keyboard too. */
export function Table({
  caption,
  columns,
  children,
}: {
  caption: string;
  /** A name with `#` in front is a column of numbers. */
  columns: string[];
  children: ReactNode;
}): ReactElement {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling area has to be reachable by keyboard
    <section className="scroll" tabIndex={0} aria-label={caption}>
      <table>
        <caption>{caption}</caption>
        <thead>
          <tr>
            {columns.map((name) => (
              <th key={name} scope="col" className={name.startsWith("#") ? "number" : undefined}>
                {name.replace("#", "")}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </section>
  );
}

/** An empty list, and the next thing to do. */
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

/** For the footer of a list: the link to its next page; null on the last. */
export function olderLink(
  name: string,
  path: string,
  query: Record<string, string | undefined>,
  before: string | number | null,
): ReactElement | null {
  return before === null ? null : <a href={link(path, { ...query, before })}>{name}</a>;
}
