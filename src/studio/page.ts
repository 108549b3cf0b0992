import { createContext, type ReactElement, useContext } from "react";
import type { SandboxControls, SandboxMessage, SandboxSource } from "../contracts/sandbox.ts";
import type { Facts } from "./facts.ts";
import type { Conceal, Concealed } from "./privacy.ts";

/** The input of a page. */
export interface Question {
  facts: Facts;
  /** Undefined outside the sandbox. */
  sandbox?: SandboxControls | undefined;
  /** Milliseconds since 1970, by the app's clock. */
  now: number;
  params: Record<string, string>;
  /** Without empty values. */
  query: Record<string, string>;
}

/** The data that every component of a page can read while the page is drawn. */
export interface Frame {
  now: number;
  /** The session's token, a hidden field of each form. */
  token: string;
  /** The path and the query of the page, also a hidden field of each form. */
  here: string;
  query: Record<string, string>;
  /** The workflows in the code. */
  workflows: Array<{ id: string; name: string }>;
  /** The message of a step in a run, or null if it has none. Null in production, which stores no message. */
  messageOf: ((run: string, step: string) => SandboxMessage | null) | null;
}

/** The frame of the page that is drawn; null on the login page and on error pages. */
export const FrameContext = createContext<Frame | null>(null);

export function useFrame(): Frame {
  const frame = useContext(FrameContext);
  if (frame === null) throw new Error("this component is only for a page");
  return frame;
}

export interface View {
  title: string;
  lead?: string;
  content: ReactElement;
}

/** The answer to one request: a model, which is also the JSON at `/studio/api`, and the view of the model. */
export interface OpenPage {
  model: object;
  /** Whether personal data in the model is masked. */
  hidden: boolean;
  view(frame: Frame): View;
}

export interface Page {
  /** Below `/studio`, in the syntax of Express. */
  path: string;
  /** Whether the page shows messages in frames. */
  frames: boolean;
  /** Resolves to null if there is no such page; the response is then a 404. */
  open(question: Question, conceal: Conceal): Promise<OpenPage | null>;
}

/** Connects the model of a page to its view. */
export function page<Model extends object>({
  path,
  read,
  view,
}: {
  path: string;
  read(question: Question): Promise<Model | null>;
  view(model: Concealed<Model>, frame: Frame): View;
}): Page {
  return {
    path,
    frames: false,
    async open(question, conceal) {
      const model = await read(question);
      if (model === null) return null;
      const shown = conceal(model);
      return { ...shown, view: (frame) => view(shown.model, frame) };
    },
  };
}

/** Handles a form. `run` resolves to the URL of the page to open next. */
export interface Action {
  path: string;
  run(form: Record<string, string>, facts: Facts): Promise<string>;
}

const MOST_ROWS = 50;

/** One row more than a page shows, to see whether there is a next page. */
export const ASKED_ROWS = MOST_ROWS + 1;

/** The rows of a page. `last` is the last of these rows if there is a next page, and otherwise null. */
export function cut<Row>(rows: Row[]): { rows: Row[]; last: Row | null } {
  const shown = rows.slice(0, MOST_ROWS);
  return { rows: shown, last: rows.length > MOST_ROWS ? (shown.at(-1) ?? null) : null };
}

export function idOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** A URL with a query. Empty values are left out. */
export function link(path: string, query: Record<string, string | number | undefined | null> = {}): string {
  const set = Object.entries(query).flatMap(([name, value]) =>
    value === undefined || value === null || value === "" ? [] : [[name, String(value)] as [string, string]],
  );
  return set.length === 0 ? path : `${path}?${new URLSearchParams(set)}`;
}

export function runPath(ref: string): string {
  return `/studio/runs/${encodeURIComponent(ref)}`;
}

/** The place of a step on the page of its run. */
export function runStepPath(ref: string, step: string): string {
  return `${runPath(ref)}#${stepAnchor(step)}`;
}

export function stepAnchor(step: string): string {
  return `step-${encodeURIComponent(step)}`;
}

export function messagePath(id: string): string {
  return `/studio/messages/${encodeURIComponent(id)}`;
}

/** A person can have a page for each source. Without `source`, the page shows the source of the newest run. */
export function personPath(distinctId: string, source?: SandboxSource): string {
  return link(`/studio/people/${encodeURIComponent(distinctId)}`, { source });
}

export function workflowPath(id: string): string {
  return `/studio/workflows/${encodeURIComponent(id)}`;
}

/** The preview of a step in the sandbox; with the data of a run, and for its person. */
export function stepPath(workflow: string, step: string, run?: string): string {
  return link(`${workflowPath(workflow)}/steps/${encodeURIComponent(step)}`, { run });
}
