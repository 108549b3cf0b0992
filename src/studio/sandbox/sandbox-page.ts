import type { SandboxControls } from "../../contracts/sandbox.ts";
import { within } from "../addresses.ts";
import { cut, type Frame, idOf, type Page, type Question, type View } from "../page.ts";

/** A page that only the sandbox has. The page shows all addresses. */
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

/**
 * Handles a form that only the sandbox has. `run` resolves to the URL of the page to open next. If `run` fails, the
 * page with the form opens again and shows the error. The form's field `here` has the URL of that page.
 */
export interface SandboxAction {
  path: string;
  run(form: Record<string, string>, sandbox: SandboxControls): Promise<string>;
}

/** The URL of the page with the form, with a problem to show there. */
export function backTo(here: string | undefined, problem?: string): string {
  const page = within(here);
  return problem === undefined ? page : `${page}${page.includes("?") ? "&" : "?"}${new URLSearchParams({ problem })}`;
}

/**
 * One page of a list, newest first; `rows` has the oldest first. `before` is the position of a page's last row, and
 * selects the next page.
 */
export function newestFirst<Row>(
  rows: Row[],
  { before, isWanted = () => true }: { before: string | undefined; isWanted?: (row: Row) => boolean },
): { rows: Row[]; before: number | null } {
  const end = idOf(before) ?? Number.POSITIVE_INFINITY;
  const wanted = rows.map((row, at) => ({ row, at })).filter(({ row, at }) => at < end && isWanted(row));
  const { rows: shown, last } = cut(wanted.reverse());
  return { rows: shown.map(({ row }) => row), before: last?.at ?? null };
}

export function deliveryPath(id: string): string {
  return `/studio/deliveries/${encodeURIComponent(id)}`;
}
