import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Config } from "../../config.ts";
import type { Product } from "../../contracts/product.ts";
import type { WorkflowRoutes } from "../../contracts/workflow.ts";
import { DAY_MS } from "../../lib/durations.ts";
import { openFolder } from "./files.ts";
import { type BadLines, readFromFile } from "./from-file.ts";
import { selectHistory } from "./select.ts";
import { type Arrival, createSpool } from "./spool.ts";

/** The history that a rehearsal asks for. Times are milliseconds since 1970. */
export interface HistoryOrder {
  /** The path of a file. */
  from: string;
  /** Without it, the history begins with its first event. */
  since?: number | undefined;
  /** The history ends just before this time. Without it, it ends with its last event. */
  until?: number | undefined;
  /** Only the events of this workflow, and the events about identity. */
  workflow?: string | undefined;
  /** How many people stay, always the same ones. */
  people?: number | undefined;
}

export interface InputContext {
  config: Pick<Config, "dataDir">;
  product: Pick<Product<WorkflowRoutes>, "workflows" | "segmentNames">;
  signal: AbortSignal;
}

/** A history that can be played. */
export interface OpenedHistory {
  /** Its lines have the format of `HistoryLine`, in the order of arrival. Lines before `from` are for warming up. */
  file: string;
  from: number;
  until: number;
  /** The events from `from` on, without replies. */
  events: number;
  /** The persons with an event. */
  people: number;
  /** The limits of the history's knowledge, as sentences. */
  limits: string[];
  bad: BadLines[];
}

/** Writes the ordered history to a file in the data folder. Throws when it has no event. */
export async function openHistory(order: HistoryOrder, context: InputContext): Promise<OpenedHistory> {
  const { config, product, signal } = context;
  const names = product.segmentNames;
  const workflows = workflowsOf(order, product.workflows);
  const folder = await openFolder(config.dataDir);
  const file = join(folder, "file.jsonl");
  const spooled = `${file}.${process.pid}.part`;
  const bad = new Map<string, BadLines>();

  const spool = await createSpool(spooled);
  const isWithin = bounds(order, workflows);
  try {
    for await (const arrivals of readFromFile(order.from, { names, bad })) {
      signal.throwIfAborted();
      for (const arrival of arrivals) if (isWithin(arrival)) await spool.add(arrival);
    }
    await spool.sortTo(`${spooled}.sorted`);
    const events = order.workflow === undefined ? null : workflows.flatMap((workflow) => workflow.events);
    const counts = await selectHistory(
      { file: `${spooled}.sorted`, target: file, from: order.since ?? 0, names },
      { events, people: order.people ?? null },
    );
    if (counts.first === null || counts.last === null) throw new Error("the history has no event");
    return {
      file,
      from: order.since ?? counts.first,
      until: order.until ?? counts.last + 1,
      events: counts.events,
      people: counts.people,
      limits: [],
      bad: [...bad.values()],
    };
  } finally {
    await spool.drop();
    await rm(`${spooled}.sorted`, { force: true });
  }
}

function workflowsOf({ workflow }: HistoryOrder, workflows: WorkflowRoutes[]): WorkflowRoutes[] {
  if (workflow === undefined) return workflows;
  const found = workflows.filter(({ id }) => id === workflow);
  if (found.length > 0) return found;
  throw new Error(`there is no workflow "${workflow}", only ${workflows.map(({ id }) => id).join(", ")}`);
}

/**
 * Whether a line belongs to the ordered period. Before the period, the activity of people stays as far back as an
 * absence reaches, because a person who was active then may be absent within the period.
 */
function bounds({ since = 0, until = Number.POSITIVE_INFINITY }: HistoryOrder, workflows: WorkflowRoutes[]) {
  const reach = new Map<string, number>();
  for (const { days, sessions } of workflows.flatMap(({ absences }) => absences))
    for (const name of sessions) reach.set(name, Math.max(reach.get(name) ?? 0, days * DAY_MS));

  return ({ order, event }: Arrival): boolean => {
    const at = order / 1000;
    const before = reach.get(event?.name ?? "") ?? 0;
    return at >= since - before && at < until;
  };
}
