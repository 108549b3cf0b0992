import type { ReactElement, ReactNode } from "react";
import type { TravelTarget } from "../../contracts/sandbox.ts";
import { durationInWords } from "../../lib/durations.ts";
import { useFrame, type View } from "../page.ts";
import { ASSETS } from "./assets.ts";
import { PostForm, Submit } from "./forms.tsx";
import { exact, Icon, type IconName, Mark, Notice } from "./parts.tsx";

export interface NavigationEntry {
  name: string;
  path: string;
  icon: IconName;
}

/** The frame of every page: navigation, heading, notices. */
export function Layout({
  view: { title, lead, content },
  navigation,
  reveal,
  sandbox,
}: {
  view: View;
  navigation: NavigationEntry[];
  /** Whether the addresses on the page are hidden; null if the page has none. */
  reveal: "hidden" | "revealed" | null;
  /**
   * Null in production. `nextStepAt`: the time when the next waiting step continues; null if no step waits. `problem`:
   * an error of the last form.
   */
  sandbox: { nextStepAt: number | null; navigation: NavigationEntry[]; problem: string | null } | null;
}): ReactElement {
  return (
    <Document title={title} hasScript={true}>
      <a className="skip" href="#main">
        Skip to the content
      </a>
      <div className="shell">
        <Rail navigation={navigation} ofSandbox={sandbox?.navigation ?? null} />
        <main id="main" tabIndex={-1}>
          {sandbox === null ? null : <TimeBar nextStepAt={sandbox.nextStepAt} />}
          <div className="head">
            <div>
              <h1>{title}</h1>
              {lead === undefined ? null : <p>{lead}</p>}
            </div>
            {reveal === "hidden" ? <RevealForm /> : null}
          </div>
          {reveal === "revealed" ? (
            <Notice tone="warn">Addresses are revealed on this page. This is in the log.</Notice>
          ) : null}
          {sandbox?.problem ? <Notice tone="bad">{sandbox.problem}</Notice> : null}
          {content}
        </main>
      </div>
    </Document>
  );
}

/** The navigation. `ofSandbox` is null in production, where the navigation has a button to log out. */
function Rail({
  navigation,
  ofSandbox,
}: {
  navigation: NavigationEntry[];
  ofSandbox: NavigationEntry[] | null;
}): ReactElement {
  return (
    <header className="rail">
      <a className="brand" href="/studio">
        <Brand />
      </a>
      <nav aria-label="Studio">
        <Entries entries={navigation} />
        {ofSandbox === null ? null : (
          <>
            <p className="section">Sandbox</p>
            <Entries entries={ofSandbox} />
          </>
        )}
      </nav>
      <div className="end">
        {ofSandbox === null ? (
          <PostForm action="/studio/logout">
            <Submit look="small">Log out</Submit>
          </PostForm>
        ) : (
          <p>Sandbox: open to this machine only, without a login.</p>
        )}
      </div>
    </header>
  );
}

function Brand(): ReactElement {
  return (
    <>
      <Mark />
      <span>
        Studio <small>posthog-novu-bridge</small>
      </span>
    </>
  );
}

function Entries({ entries }: { entries: NavigationEntry[] }): ReactElement {
  const { here } = useFrame();
  return (
    <ul>
      {entries.map(({ name, path, icon }) => (
        <li key={path}>
          <a href={path} aria-current={isIn(here, path) ? "page" : undefined}>
            <Icon name={icon} />
            {name}
          </a>
        </li>
      ))}
    </ul>
  );
}

function isIn(here: string, path: string): boolean {
  const at = here.split("?", 1)[0] ?? "";
  return at === path || (path !== "/studio" && at.startsWith(`${path}/`));
}

function RevealForm(): ReactElement {
  return (
    <PostForm action="/studio/reveal">
      <Submit title="Shows the addresses on this page for 15 minutes. The log records it." icon="eye">
        Reveal
      </Submit>
    </PostForm>
  );
}

/** A page without navigation, for the login and for errors. */
export function PlainPage({ title, children }: { title: string; children: ReactNode }): ReactElement {
  return (
    <Document title={title}>
      <div className="plain-page">
        <main>
          <p className="brand">
            <Brand />
          </p>
          <h1>{title}</h1>
          {children}
        </main>
      </div>
    </Document>
  );
}

function Document({
  title,
  hasScript = false,
  children,
}: {
  title: string;
  hasScript?: boolean;
  children: ReactNode;
}): ReactElement {
  return (
    <html lang="en">
      <head>
        <meta charSet="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>{`${title} · Studio`}</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href={ASSETS.style} />
        {hasScript ? <script src={ASSETS.script} defer={true} /> : null}
      </head>
      <body>{children}</body>
    </html>
  );
}

const TRAVEL_TARGETS: Array<{ to: TravelTarget; name: string; needsStep: boolean }> = [
  { to: "step", name: "Next step", needsStep: true },
  { to: "hour", name: "+1 hour", needsStep: false },
  { to: "day", name: "+1 day", needsStep: false },
  { to: "end", name: "To the end", needsStep: true },
];

/** The time of the sandbox, and buttons to let time pass. */
function TimeBar({ nextStepAt }: { nextStepAt: number | null }): ReactElement {
  const { now } = useFrame();
  return (
    <section className="time-bar" aria-label="Time of the sandbox">
      <Icon name="clock" />
      <p>
        <time dateTime={new Date(now).toISOString()}>{exact(now).replace(/:\d\d UTC$/, " UTC")}</time>
        <span>
          {nextStepAt === null
            ? "no step is waiting"
            : `the next step continues ${nextStepAt > now ? `in ${durationInWords(nextStepAt - now)}` : "now"}`}
        </span>
      </p>
      <PostForm action="/studio/time">
        {TRAVEL_TARGETS.map(({ to, name, needsStep }) => (
          <Submit key={to} name="to" value={to} disabled={needsStep && nextStepAt === null} look="small">
            {name}
          </Submit>
        ))}
      </PostForm>
    </section>
  );
}
