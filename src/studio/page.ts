import type { ReactElement } from "react";
import type { SandboxControls, SandboxSource } from "../contracts/sandbox.ts";
import type { Facts } from "./facts.ts";
import { within } from "./within.ts";

/** What a page is asked with. */
export interface Question {
  facts: Facts;
  /** In the sandbox. */
  sandbox?: SandboxControls | undefined;
  /** Milliseconds since 1970, by the app's clock. */
  now: number;
  params: Record<string, string>;
  /** Without what is empty. */
  query: Record<string, string>;
}

/** What a page knows of its surroundings when it is drawn. */
export interface Frame {
  now: number;
  /** What every form carries. */
  token: string;
  /** The page's own address, below the host. */
  here: string;
  query: Record<string, string>;
}

/** One page: what it tells, which is also its JSON at `/studio/api`, and how it looks. */
export interface Page {
  /** Below `/studio`, as Express writes it. */
  path: string;
  /** Whether it shows messages in frames, which are of the studio too. */
  frames?: boolean;
  /** Null when there is nothing by that name. */
  read(question: Question): Promise<object | null>;
  view(model: object, frame: Frame): { title: string; lead?: string; content: ReactElement };
}

/** Ties what a page reads to how it is drawn. */
export function page<Model extends object>(definition: {
  path: string;
  read(question: Question): Promise<Model | null>;
  view(model: Model, frame: Frame): { title: string; lead?: string; content: ReactElement };
}): Page {
  return definition as unknown as Page;
}

/** A page that only the sandbox has. */
export function sandboxPage<Model extends object>(definition: {
  path: string;
  frames?: boolean;
  read(question: Question & { sandbox: SandboxControls }): Promise<Model | null>;
  view(model: Model, frame: Frame): { title: string; lead?: string; content: ReactElement };
}): Page {
  return definition as unknown as Page;
}

/** Something that a form does; answers where to go from there. */
export interface Action {
  path: string;
  run(form: Record<string, string>, facts: Facts): Promise<string>;
}

/** The same in the sandbox only. What it throws is shown on the page that the form stands on, its `here`. */
export interface SandboxAction {
  path: string;
  run(form: Record<string, string>, sandbox: SandboxControls): Promise<string>;
}

/** The page that a form stands on, with what went wrong, if anything did. */
export function backTo(here: string | undefined, problem?: string): string {
  const page = within(here);
  return problem === undefined ? page : `${page}${page.includes("?") ? "&" : "?"}${new URLSearchParams({ problem })}`;
}

const MOST_ROWS = 50;

/** One row more than fits on a page, to know whether there is another. */
export const ASKED_ROWS = MOST_ROWS + 1;

/** The rows of a page, and the last of them when there are more. */
export function cut<Row>(rows: Row[]): { rows: Row[]; last: Row | null } {
  const shown = rows.slice(0, MOST_ROWS);
  return { rows: shown, last: rows.length > MOST_ROWS ? (shown.at(-1) ?? null) : null };
}

/** An address with a query, without what is empty. */
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

/** Whom both sources know has a page for each; without a source it is the first that knows them. */
export function personPath(distinctId: string, source?: SandboxSource): string {
  return link(`/studio/people/${encodeURIComponent(distinctId)}`, { source });
}

export function stepPath(workflow: string, step: string): string {
  return `/studio/workflows/${encodeURIComponent(workflow)}/steps/${encodeURIComponent(step)}`;
}

export function deliveryPath(id: string): string {
  return `/studio/deliveries/${encodeURIComponent(id)}`;
}
