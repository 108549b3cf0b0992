import type { ReactElement, ReactNode } from "react";
import { type ClockProps, TimeBar } from "./clock.tsx";
import { PostForm, Submit } from "./forms.tsx";
import { Icon, type IconName, Mark } from "./icons.tsx";
import { Notice } from "./parts.tsx";

export interface NavigationEntry {
  name: string;
  path: string;
  icon: IconName;
}

export interface LayoutProps {
  title: string;
  lead?: string | undefined;
  /** The address of the page, below the host. */
  here: string;
  navigation: NavigationEntry[];
  token: string;
  /** Whether addresses are hidden; null if there are none. */
  reveal: "hidden" | "revealed" | null;
  /** The time of the sandbox, its pages, and the problem with a form. */
  sandbox: (ClockProps & { navigation: NavigationEntry[]; problem: string | null }) | null;
  hasLogin: boolean;
  assets: { style: string; script: string };
  children: ReactNode;
}

/** The frame of every page: navigation, heading, notices. */
export function Layout(props: LayoutProps): ReactElement {
  const { title, here, token, reveal, sandbox, assets, children } = props;
  return (
    <Document title={`${title} · Studio`} assets={assets}>
      <a className="skip" href="#main">
        Skip to the content
      </a>
      <div className="shell">
        <Rail {...props} />
        <main id="main" tabIndex={-1}>
          {sandbox === null ? null : <TimeBar {...sandbox} token={token} here={here} />}
          <Head {...props} />
          {reveal === "revealed" ? (
            <Notice tone="warn">Addresses are revealed on this page. This is in the log.</Notice>
          ) : null}
          {sandbox?.problem ? <Notice tone="bad">{sandbox.problem}</Notice> : null}
          {children}
        </main>
      </div>
    </Document>
  );
}

function Rail({ navigation, here, sandbox, hasLogin, token }: LayoutProps): ReactElement {
  return (
    <header className="rail">
      <a className="brand" href="/studio">
        <Mark />
        <span>
          Studio <small>posthog-novu-bridge</small>
        </span>
      </a>
      <nav aria-label="Studio">
        <Entries entries={navigation} here={here} />
        {sandbox === null ? null : (
          <>
            <p className="section">Sandbox</p>
            <Entries entries={sandbox.navigation} here={here} />
          </>
        )}
      </nav>
      <div className="end">
        {hasLogin ? (
          <PostForm action="/studio/logout" fields={{ token }}>
            <Submit look="small">Log out</Submit>
          </PostForm>
        ) : (
          <p>Sandbox: open to this machine only, without a login.</p>
        )}
      </div>
    </header>
  );
}

function Entries({ entries, here }: { entries: NavigationEntry[]; here: string }): ReactElement {
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

function Head({ title, lead, reveal, token, here }: LayoutProps): ReactElement {
  return (
    <div className="head">
      <div>
        <h1>{title}</h1>
        {lead === undefined ? null : <p>{lead}</p>}
      </div>
      {reveal === "hidden" ? (
        <PostForm action="/studio/reveal" fields={{ token, page: here }}>
          <Submit title="Shows the addresses on this page for 15 minutes. The log records it." icon="eye">
            Reveal
          </Submit>
        </PostForm>
      ) : null}
    </div>
  );
}

/** A page without navigation: the login, and errors. */
export function PlainPage({
  title,
  assets,
  children,
}: {
  title: string;
  assets: { style: string };
  children: ReactNode;
}): ReactElement {
  return (
    <Document title={`${title} · Studio`} assets={{ style: assets.style }}>
      <div className="plain-page">
        <main>
          <p className="brand">
            <Mark />
            <span>
              Studio <small>posthog-novu-bridge</small>
            </span>
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
  assets,
  children,
}: {
  title: string;
  assets: { style: string; script?: string };
  children: ReactNode;
}): ReactElement {
  return (
    <html lang="en">
      <head>
        <meta charSet="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>{title}</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href={assets.style} />
        {assets.script === undefined ? null : <script src={assets.script} defer={true} />}
      </head>
      <body>{children}</body>
    </html>
  );
}
