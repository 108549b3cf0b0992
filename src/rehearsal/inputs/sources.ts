import type { WorkflowRoutes } from "../../contracts/workflow.ts";
import { UsageError } from "../../lib/command.ts";
import { DAY_MS } from "../../lib/durations.ts";
import { createLog } from "../../lib/log.ts";
import { openStoreToRead } from "../../store/open-store.ts";
import { type BadLines, readFromFile } from "./from-file.ts";
import { fetchFromPostHog, LIMIT_OF_COHORTS, LIMITS_OF_POSTHOG } from "./from-posthog.ts";
import { limitsOfStore, readFromStore } from "./from-store.ts";
import type { HistoryOrder, InputContext } from "./order.ts";
import { type Arrival, createSpool, type Spool } from "./spool.ts";

/** An open source of a history. */
export interface Source {
  spool: Spool;
  pages: AsyncIterable<Arrival[]>;
  /** The beginning of the history, where it is known; milliseconds since 1970. */
  since: number | undefined;
  /** The end of the history; undefined for its last line. */
  until: number | undefined;
  /** Called after the last page. */
  limits(): string[];
  bad(): BadLines[];
  /** Called at the end. A history that `isComplete` need not be fetched again. */
  close(options: { isComplete: boolean }): Promise<void>;
}

/** Opens the source with the spool for its lines. `file` is the file of the history. */
export async function openSource(
  order: HistoryOrder,
  { file, workflows }: { file: string; workflows: WorkflowRoutes[] },
  context: InputContext,
): Promise<Source> {
  if (order.from === "posthog") return openPostHog(order, { file, workflows }, context);
  const spool = await createSpool(`${file}.${process.pid}.part`);
  const end = () => spool.end({ keep: false });
  try {
    if (order.from === "store") return await openStore(order, { spool, workflows, end }, context);
  } catch (error) {
    await end();
    throw error;
  }
  const bad = new Map<string, BadLines>();
  return {
    ...{ spool, since: order.since, until: order.until },
    pages: readFromFile(order.from, { names: context.product.segmentNames, bad }),
    limits: () => [],
    bad: () => [...bad.values()],
    close: end,
  };
}

async function openStore(
  { since = 0, ...order }: HistoryOrder,
  { spool, workflows, end }: { spool: Spool; workflows: WorkflowRoutes[]; end(): Promise<void> },
  { config, product, now = Date.now }: InputContext,
): Promise<Source> {
  const { until = now() } = order;
  const store = await openStoreToRead(config, { now, log: createLog({ level: "silent" }) });
  const gaps = { stored: 0, cut: 0, withoutPerson: 0 };
  const period = { since: since - longestReach(workflows), until };
  return {
    ...{ spool, since: since === 0 ? undefined : since, until },
    pages: readFromStore(store.events, { ...period, names: product.segmentNames, gaps }),
    limits: () => [...limitsOfRetention(since, config.retentionMs, now()), ...limitsOfStore(gaps)],
    bad: () => [],
    async close() {
      await store.close();
      await end();
    },
  };
}

async function openPostHog(
  { since, plain = false, ...order }: HistoryOrder,
  { file, workflows }: { file: string; workflows: WorkflowRoutes[] },
  { config, signal, retries, onProgress, now = Date.now }: InputContext,
): Promise<Source> {
  const { posthog: access } = config;
  if (access === null)
    throw new Error("PostHog is not configured here (the settings POSTHOG_…): use --from store, or a file");
  if (since === undefined) throw new UsageError("--since is missing: a history from PostHog needs its beginning");
  const { until = now() } = order;
  const part = `${file}.part`;
  const fetch = await fetchFromPostHog(
    { file: part, access },
    { workflows, since, until, reach: longestReach(workflows), plain },
    { ...retries, signal, onProgress },
  );
  const spool = await createSpool(part, fetch);
  return {
    ...{ spool, since: fetch.since, until },
    pages: fetch.pages(spool),
    limits: () => [
      ...LIMITS_OF_POSTHOG,
      ...(workflows.some(({ cohorts }) => cohorts.length > 0) ? [LIMIT_OF_COHORTS] : []),
    ],
    bad: () => [],
    async close({ isComplete }) {
      await spool.end({ keep: !isComplete });
      if (isComplete) await fetch.done();
    },
  };
}

function limitsOfRetention(since: number, retentionMs: number, now: number): string[] {
  if (since >= now - retentionMs) return [];
  return [`The store keeps events for ${retentionMs / DAY_MS} days (RETENTION_DAYS), so the history begins later.`];
}

/** How long before the history an event counts as activity, in milliseconds by the name of the event. */
export function reachOf(workflows: WorkflowRoutes[]): Map<string, number> {
  const reach = new Map<string, number>();
  for (const { days, sessions } of workflows.flatMap(({ absences }) => absences))
    for (const name of sessions) reach.set(name, Math.max(reach.get(name) ?? 0, days * DAY_MS));
  return reach;
}

function longestReach(workflows: WorkflowRoutes[]): number {
  return Math.max(0, ...reachOf(workflows).values());
}
