import type { ReactElement } from "react";
import type { SandboxControls, SandboxSource } from "../contracts/sandbox.ts";
import type { Facts } from "./facts.ts";
import type { Conceal, Concealed } from "./privacy.ts";
import { within } from "./within.ts";

/** The input of a page. */
export interface Question {
  facts: Facts;
  /** Only in the sandbox. */
  sandbox?: SandboxControls | undefined;
  /** Milliseconds since 1970, by the app's clock. */
  now: number;
  params: Record<string, string>;
  /** Without empty values. */
  query: Record<string, string>;
}

/** The surroundings of a page when it is drawn. */
export interface Frame {
  now: number;
  /** Each form carries it. */
  token: string;
  /** The address of the page, below the host. */
  here: string;
  query: Record<string, string>;
  /** The workflows in the code. */
  workflows: Array<{ id: string; name: string }>;
}

export interface View {
  title: string;
  lead?: string;
  content: ReactElement;
}

/** The answer to one request: a model, which is also the JSON at `/studio/api`, and its view. */
export interface OpenPage {
  model: object;
  hidden: boolean;
  view(frame: Frame): View;
}

export interface Page {
  /** Below `/studio`, in the syntax of Express. */
  path: string;
  /** Whether it shows messages in frames, which the studio serves too. */
  frames: boolean;
  /** Null if there is nothing at this address. */
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

/** A page that only the sandbox has. It hides nothing. */
export function sandboxPage<Model extends object>({
  path,
  frames = false,
  read,
  view,
}: {
  path: string;
  frames?: boolean;
  read(question: Question & { sandbox: SandboxControls }): Promise<Model | null>;
  view(model: Model, frame: Frame): View;
}): Page {
  return {
    path,
    frames,
    async open({ sandbox, ...question }) {
      const model = sandbox === undefined ? null : await read({ ...question, sandbox });
      return model === null ? null : { model, hidden: false, view: (frame) => view(model, frame) };
    },
  };
}

/** The effect of a form; resolves to the next address. */
export interface Action {
  path: string;
  run(form: Record<string, string>, facts: Facts): Promise<string>;
}

/** The same in the sandbox only. An error is shown on the page of the form, its `here`. */
export interface SandboxAction {
  path: string;
  run(form: Record<string, string>, sandbox: SandboxControls): Promise<string>;
}

/** The page of a form, with the problem, if there is one. */
export function backTo(here: string | undefined, problem?: string): string {
  const page = within(here);
  return problem === undefined ? page : `${page}${page.includes("?") ? "&" : "?"}${new URLSearchParams({ problem })}`;
}

const MOST_ROWS = 50;

/** One row more than a page shows, to see whether there is another. */
export const ASKED_ROWS = MOST_ROWS + 1;

/** The rows of a page, and the last of them if there are more. */
export function cut<Row>(rows: Row[]): { rows: Row[]; last: Row | null } {
  const shown = rows.slice(0, MOST_ROWS);
  return { rows: shown, last: rows.length > MOST_ROWS ? (shown.at(-1) ?? null) : null };
}

/** Newest first, of a list that has the oldest first. `before` is the position of the last row shown, for the next page. */
export function newestFirst<Row>(
  rows: Row[],
  { before, isWanted = () => true }: { before: string | undefined; isWanted?: (row: Row) => boolean },
): { rows: Row[]; before: number | null } {
  const end = idOf(before) ?? Number.POSITIVE_INFINITY;
  const wanted = rows.map((row, at) => ({ row, at })).filter(({ row, at }) => at < end && isWanted(row));
  const { rows: shown, last } = cut(wanted.reverse());
  return { rows: shown.map(({ row }) => row), before: last?.at ?? null };
}

export function idOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** An address with a query, without empty values. */
export function link(path: string, query: Record<string, string | number | undefined | null> = {}): string {
  const set = Object.entries(query).flatMap(([name, value]) =>
    value === undefined || value === null || value === "" ? [] : [[name, String(value)] as [string, string]],
  );
  return set.length === 0 ? path : `${path}?${new URLSearchParams(set)}`;
}

export function runPath(ref: string): string {
  return `/studio/runs/${encodeURIComponent(ref)}`;
}

export function messagePath(id: string): string {
  return `/studio/messages/${encodeURIComponent(id)}`;
}

/** A person whom both sources have has a page for each; without a source it is the first that has them. */
export function personPath(distinctId: string, source?: SandboxSource): string {
  return link(`/studio/people/${encodeURIComponent(distinctId)}`, { source });
}

export function workflowPath(id: string): string {
  return `/studio/workflows/${encodeURIComponent(id)}`;
}

export function stepPath(workflow: string, step: string): string {
  return `${workflowPath(workflow)}/steps/${encodeURIComponent(step)}`;
}

export function deliveryPath(id: string): string {
  return `/studio/deliveries/${encodeURIComponent(id)}`;
}
