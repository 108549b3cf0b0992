import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Config } from "../../config.ts";
import type { Product } from "../../contracts/product.ts";
import type { WorkflowRoutes } from "../../contracts/workflow.ts";
import { UsageError } from "../../lib/command.ts";
import { DAY_MS } from "../../lib/durations.ts";
import { createLog } from "../../lib/log.ts";
import { openPseudonymKey, openRehearsalFolder } from "../../lib/rehearsal-files.ts";
import { openStoreToRead } from "../../store/open-store.ts";
import type { HistoryLine } from "../history.ts";
import { type BadLines, readFromFile } from "./from-file.ts";
import { limitsOfStore, readFromStore } from "./from-store.ts";
import { createHash } from "./hash.ts";
import { type Counts, selectHistory } from "./select.ts";
import { type Arrival, createSpool } from "./spool.ts";

/** The history that a rehearsal asks for. Times are milliseconds since 1970. */
export interface HistoryOrder {
  /** `store`: the app's own store. Another text is the path of a file. */
  from: string;
  /** Without it, the history begins with its first event. */
  since?: number | undefined;
  /** The history ends just before this time. Without it, a file ends with its last event, and another history now. */
  until?: number | undefined;
  /** Only the events of this workflow, and the events about identity. */
  workflow?: string | undefined;
  /** How many people stay, always the same ones. */
  people?: number | undefined;
  /** Real ids, addresses, names and all properties, instead of pseudonyms and the properties that are read. */
  plain?: boolean | undefined;
}

export interface InputContext {
  config: Pick<Config, "dataDir" | "databaseUrl" | "databaseDirectUrl" | "retentionMs" | "internalUsers">;
  /** Its workflows are those of all versions that the history is played with. */
  product: Pick<Product<WorkflowRoutes>, "workflows" | "segmentNames">;
  signal: AbortSignal;
  /** The machine's time when absent. */
  now?: (() => number) | undefined;
}

/** A history that can be played. */
export interface OpenedHistory {
  /**
   * Its lines have the format of `HistoryLine`, in the order of arrival. Lines before `from` are no part of the
   * history: activity of people who may be absent within it, and opt-outs that are valid in it.
   */
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

/** Everything that a source has. */
interface Source {
  /** The name of the history's file. */
  name: string;
  pages: AsyncIterable<Arrival[]>;
  /** Called after the last page. */
  limits(): string[];
  bad(): BadLines[];
  /** The end of the history; undefined for its last line. */
  until: number | undefined;
  close(): Promise<void>;
}

/** Writes the ordered history to a file in the data folder. Throws when it has no event. */
export async function openHistory(order: HistoryOrder, context: InputContext): Promise<OpenedHistory> {
  const { config, product } = context;
  const workflows = workflowsOf(order, product.workflows);
  const folder = await openRehearsalFolder(config.dataDir);
  const source = await openSource(order, workflows, context);
  const file = join(folder, `${source.name}.jsonl`);
  const whole = `${file}.${process.pid}.whole`;
  try {
    const hashing = order.plain === true ? null : await openHash(context);
    await spool({ source, target: whole, isWithin: bounds(order, workflows), written: hashing?.written }, context);
    const events = order.workflow === undefined ? null : workflows.flatMap((workflow) => workflow.events);
    const counts = await selectHistory(
      { file: whole, target: file, from: order.since ?? 0, names: product.segmentNames },
      { events, people: order.people ?? null },
    );
    const limits = [...source.limits(), ...(hashing?.limits() ?? [])];
    return { file, ...factsOf(counts, order, source), limits, bad: source.bad() };
  } finally {
    await source.close();
    await rm(whole, { force: true });
  }
}

/** The lines as they are written, without personal data. */
async function openHash({ config, product }: InputContext) {
  const { internalUsers, dataDir } = config;
  const { workflows, segmentNames: names } = product;
  const hash = createHash({ key: await openPseudonymKey(dataDir), workflows, internalUsers, names });
  let internal = 0;
  return {
    written(arrival: Arrival): HistoryLine | null {
      const line = hash(arrival);
      if (line === null) internal += 1;
      return line;
    },
    limits: () => [
      "Ids, addresses and names are replaced, so a condition on a part of them may hold for other people (--plain).",
      ...(internal > 0 ? [`${internal} events of internal users are left out.`] : []),
    ],
  };
}

/** Writes all lines within the bounds to a file, in the order of arrival. */
async function spool(
  {
    source,
    target,
    isWithin,
    written = ({ line }) => line,
  }: {
    source: Source;
    target: string;
    isWithin(arrival: Arrival): boolean;
    /** The line to write; null for none. */
    written?: ((arrival: Arrival) => HistoryLine | null) | undefined;
  },
  { signal }: InputContext,
): Promise<void> {
  const spool = await createSpool(`${target}.part`);
  try {
    for await (const arrivals of source.pages) {
      signal.throwIfAborted();
      for (const arrival of arrivals) {
        const line = isWithin(arrival) ? written(arrival) : null;
        if (line !== null) await spool.add({ order: arrival.order, line });
      }
    }
    await spool.sortTo(target);
  } finally {
    await spool.drop();
  }
}

function factsOf({ first, last, events, people }: Counts, order: HistoryOrder, source: Source) {
  if (first === null || last === null) throw new Error("the history has no event");
  return { from: order.since ?? first, until: order.until ?? source.until ?? last + 1, events, people };
}

async function openSource(
  order: HistoryOrder,
  workflows: WorkflowRoutes[],
  { config, product, now = Date.now }: InputContext,
): Promise<Source> {
  const names = product.segmentNames;
  const { since = 0, until = now() } = order;
  if (order.from === "store") {
    const store = await openStoreToRead(config, { now, log: createLog({ level: "silent" }) });
    const gaps = { stored: 0, cut: 0, withoutPerson: 0, withoutPreviousId: 0 };
    const reach = Math.max(0, ...reachOf(workflows).values());
    return {
      name: "store",
      pages: readFromStore(store.events, { since: since - reach, until, names, gaps }),
      limits: () => [...limitsOfRetention(since, config.retentionMs, now()), ...limitsOfStore(gaps)],
      bad: () => [],
      until,
      close: store.close,
    };
  }
  const bad = new Map<string, BadLines>();
  return {
    name: "file",
    pages: readFromFile(order.from, { names, bad }),
    limits: () => [],
    bad: () => [...bad.values()],
    until: undefined,
    close: async () => {},
  };
}

function limitsOfRetention(since: number, retentionMs: number, now: number): string[] {
  if (since >= now - retentionMs) return [];
  return [`The store keeps events for ${retentionMs / DAY_MS} days (RETENTION_DAYS), so the history begins later.`];
}

function workflowsOf({ workflow }: HistoryOrder, workflows: WorkflowRoutes[]): WorkflowRoutes[] {
  if (workflow === undefined) return workflows;
  const found = workflows.filter(({ id }) => id === workflow);
  if (found.length > 0) return found;
  throw new UsageError(`there is no workflow "${workflow}", only ${workflows.map(({ id }) => id).join(", ")}`);
}

/** How long before the history an event counts as activity, in milliseconds by the name of the event. */
function reachOf(workflows: WorkflowRoutes[]): Map<string, number> {
  const reach = new Map<string, number>();
  for (const { days, sessions } of workflows.flatMap(({ absences }) => absences))
    for (const name of sessions) reach.set(name, Math.max(reach.get(name) ?? 0, days * DAY_MS));
  return reach;
}

/**
 * Whether a line belongs to the ordered period. Before the period, opt-outs stay, and the activity of people as far
 * back as an absence reaches.
 */
function bounds({ since = 0, until = Number.POSITIVE_INFINITY }: HistoryOrder, workflows: WorkflowRoutes[]) {
  const reach = reachOf(workflows);
  return ({ order, line, event }: Arrival): boolean => {
    const at = order / 1000;
    const isOptOut = line.source === "reply" && line.body.kind === "opt-out";
    return at < until && (isOptOut || at >= since - (reach.get(event?.name ?? "") ?? 0));
  };
}
