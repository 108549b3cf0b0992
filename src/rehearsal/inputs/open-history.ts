import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { WorkflowRoutes } from "../../contracts/workflow.ts";
import { UsageError } from "../../lib/command.ts";
import { openPseudonymKey, openRehearsalFolder } from "../../lib/rehearsal-files.ts";
import type { HistoryLine } from "../history.ts";
import type { BadLines } from "./from-file.ts";
import { createHash } from "./hash.ts";
import type { HistoryOrder, InputContext } from "./order.ts";
import { readingOf } from "./people.ts";
import { type Counts, selectHistory } from "./select.ts";
import { openSource, reachOf, type Source } from "./sources.ts";
import type { Arrival } from "./spool.ts";

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

/** Writes the ordered history to a file in the data folder. Throws when it has no event. */
export async function openHistory(order: HistoryOrder, context: InputContext): Promise<OpenedHistory> {
  const { config, product } = context;
  const workflows = workflowsOf(order, product.workflows);
  const folder = await openRehearsalFolder(config.dataDir);
  const file = join(folder, `${["posthog", "store"].includes(order.from) ? order.from : "file"}.jsonl`);
  const whole = `${file}.${process.pid}.whole`;
  const hashing = order.plain === true ? null : await openHash(context);
  const source = await openSource(order, { file, workflows }, context);
  let isComplete = false;
  try {
    const isWithin = bounds({ since: source.since, until: source.until }, workflows);
    await collect(source, { isWithin, written: hashing?.written }, context);
    await source.spool.sortTo(whole);
    isComplete = true;
    const events = order.workflow === undefined ? null : workflows.flatMap((workflow) => workflow.events);
    const counts = await selectHistory(
      { file: whole, target: file, from: source.since ?? 0, reading: readingOf(product) },
      { events, people: order.people ?? null },
    );
    const limits = [...source.limits(), ...(hashing?.limits() ?? [])];
    return { file, ...factsOf(counts, source), limits, bad: source.bad() };
  } finally {
    await source.close({ isComplete });
    await rm(whole, { force: true });
  }
}

function factsOf({ first, last, events, people }: Counts, { since, until }: Source) {
  if (first === null || last === null) throw new Error("the history has no event");
  return { from: since ?? first, until: until ?? last + 1, events, people };
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
      "The events have only the properties that the rehearsed workflows read (--plain).",
      ...(internal > 0 ? [`${internal} events of internal users are left out.`] : []),
    ],
  };
}

/** Adds all lines within the bounds to the spool. */
async function collect(
  { spool, pages }: Source,
  {
    isWithin,
    written = ({ line }) => line,
  }: {
    isWithin(arrival: Arrival): boolean;
    /** The line to write; null for none. */
    written?: ((arrival: Arrival) => HistoryLine | null) | undefined;
  },
  { signal }: InputContext,
): Promise<void> {
  for await (const arrivals of pages) {
    signal.throwIfAborted();
    for (const arrival of arrivals) {
      const line = isWithin(arrival) ? written(arrival) : null;
      if (line !== null) await spool.add({ order: arrival.order, line });
    }
  }
}

function workflowsOf({ workflow }: HistoryOrder, workflows: WorkflowRoutes[]): WorkflowRoutes[] {
  if (workflow === undefined) return workflows;
  const found = workflows.filter(({ id }) => id === workflow);
  if (found.length > 0) return found;
  throw new UsageError(`there is no workflow "${workflow}", only ${workflows.map(({ id }) => id).join(", ")}`);
}

/**
 * Whether a line belongs to the ordered period. Before the period, opt-outs stay, and the activity of people as far
 * back as an absence reaches.
 */
function bounds(
  { since = 0, until = Number.POSITIVE_INFINITY }: Pick<Source, "since" | "until">,
  workflows: WorkflowRoutes[],
) {
  const reach = reachOf(workflows);
  return ({ order, line, event }: Arrival): boolean => {
    const at = order / 1000;
    const isOptOut = line.source === "reply" && line.body.kind === "opt-out";
    return at < until && (isOptOut || at >= since - (reach.get(event?.name ?? "") ?? 0));
  };
}
