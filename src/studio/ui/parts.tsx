import type { ReactElement, ReactNode } from "react";
import { formatDuration } from "../../lib/format-duration.ts";
import { Icon, type IconName } from "./icons.tsx";

export type Tone = "good" | "bad" | "warn" | "info" | "quiet";

/** A state in a word; the colour only repeats it. */
export function Pill({ tone, count, children }: { tone: Tone; count?: number; children: ReactNode }): ReactElement {
  return (
    <span className={`pill ${tone}`}>
      {count === undefined ? <Icon name={tone} /> : <b>{number(count)}</b>}
      {children}
    </span>
  );
}

/** "2 h ago", with the exact time to hover over and for machines. */
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

/** In one unit: nobody reads minutes beside days. */
function coarse(ms: number): string {
  return formatDuration(ms).split(" ").slice(0, 2).join(" ");
}

export function number(count: number): string {
  return count.toLocaleString("en");
}

/** An id that a double click selects whole. */
export function Id({ children }: { children: string }): ReactElement {
  return <code className="id">{children}</code>;
}

export function Panel({
  title,
  aside,
  footer,
  children,
}: {
  title: string;
  aside?: ReactNode;
  footer?: ReactNode;
  children: ReactNode;
}): ReactElement {
  return (
    <section className="panel" aria-label={title}>
      <header>
        <h2>{title}</h2>
        {aside}
      </header>
      {children}
      {footer ? <footer>{footer}</footer> : null}
    </section>
  );
}

/** A table; wide ones scroll by themselves, by keyboard too. */
export function Table({
  caption,
  columns,
  children,
}: {
  caption: string;
  /** A `#` before the name makes it one of numbers. */
  columns: string[];
  children: ReactNode;
}): ReactElement {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reachable by keyboard
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

/** Nothing here, and what to do about it. */
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

/** Links that choose one of several views of the same page. */
export function Tabs({
  label,
  tabs,
}: {
  label: string;
  tabs: Array<{ name: string; to: string; isChosen: boolean }>;
}): ReactElement {
  return (
    <nav className="tabs" aria-label={label}>
      {tabs.map(({ name, to, isChosen }) => (
        <a key={name} href={to} aria-current={isChosen ? "true" : undefined}>
          {name}
        </a>
      ))}
    </nav>
  );
}

/** A button behind a second look: it opens what it asks, and what is in there does it. */
export function Confirmed({
  name,
  question,
  action,
  token,
  fields = {},
  confirm,
}: {
  name: string;
  question: string;
  action: string;
  token: string;
  fields?: Record<string, string>;
  confirm: string;
}): ReactElement {
  return (
    <details className="act" data-key={`${action} ${JSON.stringify(fields)}`}>
      <summary className="button small">
        <Icon name="again" />
        {name}
      </summary>
      <form method="post" action={action}>
        <Hidden fields={{ token, ...fields }} />
        <p>{question}</p>
        <button type="submit" className="button small first">
          {confirm}
        </button>
      </form>
    </details>
  );
}

export function Hidden({ fields }: { fields: Record<string, string> }): ReactElement {
  return (
    <>
      {Object.entries(fields).map(([name, value]) => (
        <input key={name} type="hidden" name={name} value={value} />
      ))}
    </>
  );
}
