import { createReadStream, createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import type { Product } from "../contracts/product.ts";
import type { LifecycleWorkflow } from "../engine/lifecycle.ts";
import { type Command, type CommandContext, defineCommand } from "../lib/command.ts";
import type { CommandIo } from "../lib/command-io.ts";
import { createLog } from "../lib/log.ts";
import { openStoreToRead } from "../store/open-store.ts";
import type { ReadStore } from "../store/store.ts";
import { checkOut, remove, WORKING_TREE, workflowsIn } from "./checkout.ts";
import type { Progress as FetchProgress } from "./inputs/from-posthog.ts";
import { type OpenedHistory, openHistory } from "./inputs/open-history.ts";
import { shardHistory } from "./inputs/select.ts";
import { HELP, OPTIONS, type Order, orderOf } from "./order.ts";
import { makeReport, type Report, type Side } from "./report/compare.ts";
import { reportJson } from "./report/json.ts";
import { reportMarkdown } from "./report/markdown.ts";
import { reportText } from "./report/text.ts";
import { type RehearsalSettings, settingsIn } from "./settings.ts";
import { type Checkout, type PlayedSide, type Progress, playSide, readOutcomes } from "./side.ts";
import { verify } from "./verify/verify.ts";
import { verificationText } from "./verify/verify-text.ts";

/** A smaller history is played sooner by one process, because each process takes seconds to start. */
const FEWEST_EVENTS_OF_PROCESS = 150;
const MOST_PROCESSES = 8;
const PROGRESS_EVERY_MS = 2_000;

interface Context extends Pick<CommandContext, "env" | "io" | "signal"> {
  product: Product<LifecycleWorkflow>;
  /** The checkout of this process. */
  root: string;
  settings: RehearsalSettings;
}

export function rehearseOf({ product, root }: { product: Product<LifecycleWorkflow>; root: string }): Command {
  return defineCommand({
    name: "rehearse",
    help: HELP,
    options: OPTIONS,
    async run({ options, env, io, signal }) {
      const order = orderOf(options, { env, now: Date.now(), workflows: product.workflows });
      return rehearse(order, { product, root, settings: settingsIn(env), env, io, signal });
    },
  });
}

async function rehearse(order: Order, context: Context): Promise<number> {
  const { root, io, settings, signal } = context;
  const folder = join(settings.config.dataDir, "rehearsal", "checkout");
  if (order.against === undefined) return rehearseWith(order, null, context);
  const onInstall = () => io.printError(`… ${order.against} has other packages, which are installed now`);
  try {
    return await rehearseWith(order, await checkOut(order.against, { root, folder, signal, onInstall }), context);
  } finally {
    await remove(folder, root);
  }
}

async function rehearseWith(order: Order, against: Checkout | null, context: Context): Promise<number> {
  const { io, settings, signal, product } = context;
  // The history also needs the events and the properties that only the other checkout knows.
  const workflows = [...product.workflows, ...(against === null ? [] : await workflowsIn(against))];
  const history = await openHistory(order, {
    ...{ config: settings.config, product: { ...product, workflows }, signal },
    retries: {
      sleep: io.sleep,
      onPause: ({ why, pauseMs }) => io.printError(`${why}; next attempt in ${Math.ceil(pauseMs / 1000)} s`),
    },
    onProgress: sometimes(io, ({ events, readUntil }: FetchProgress) => {
      io.printError(`… ${events} events from PostHog, up to ${iso(readUntil)}`);
    }),
  });
  for (const { reason, count, firstLine } of history.bad)
    io.printError(`${count} lines are left out: ${reason}, first in line ${firstLine}`);
  if (order.out !== undefined) await copy(history.file, order.out);
  if (order.onlyHistory) {
    const { events, people, limits, file } = history;
    const facts = { file: order.out ?? file, events, people, from: iso(history.from), until: iso(history.until) };
    io.print(order.format === "json" ? JSON.stringify({ ...facts, limits }) : historyText(facts));
    return 0;
  }
  if (order.verify) return verifyStore(order, history, context);
  const report = await playAndCompare(order, { history, against }, context);
  if (order.format === "json") io.print(reportJson(report));
  else io.print(order.format === "markdown" ? reportMarkdown(report) : reportText(report, io.paint));
  return report.now.afterExit > 0 ? 1 : 0;
}

async function playAndCompare(
  order: Order,
  { history, against }: { history: OpenedHistory; against: Checkout | null },
  context: Context,
): Promise<Report> {
  const results = await emptyResults(context);
  const files = await shardsOf(history, context.product);
  const play = async (checkout: Checkout, name: string) =>
    sideOf(await playWithProgress(checkout, { order, history, files, folder: join(results, name) }, context), history);
  try {
    const now = await play({ ref: WORKING_TREE, folder: context.root }, "now");
    return await makeReport(
      { now, against: against === null ? undefined : await play(against, "against") },
      { mostPerWeek: order.mostPerWeek },
    );
  } finally {
    await drop(files, history);
  }
}

/** Plays the history of the store, and compares the decisions with the recorded ones. */
async function verifyStore(order: Order, history: OpenedHistory, context: Context): Promise<number> {
  const { root, product, settings, io } = context;
  const { from, until } = history;
  const results = await emptyResults(context);
  const files = await shardsOf(history, product);
  const played = await playWithProgress(
    { ref: WORKING_TREE, folder: root },
    { order, history, files, folder: join(results, "now") },
    context,
  ).finally(() => drop(files, history));
  const found = await withStores(settings.config, played.stores, (recorded, rehearsed) =>
    verify(recorded, rehearsed, { from, until, capMs: settings.app.cap.withinMs }),
  );
  io.print(order.format === "json" ? JSON.stringify(found) : verificationText(found, io.paint));
  return found.differences.some(({ why }) => why === null) ? 1 : 0;
}

async function withStores<Result>(
  config: RehearsalSettings["config"],
  dataDirs: string[],
  use: (recorded: ReadStore["runs"], rehearsed: Array<ReadStore["runs"]>) => Promise<Result>,
): Promise<Result> {
  const parts = { now: Date.now, log: createLog({ level: "silent" }) };
  const stores: ReadStore[] = [];
  try {
    stores.push(await openStoreToRead(config, parts));
    for (const dataDir of dataDirs) stores.push(await openStoreToRead({ dataDir }, parts));
    const [recorded, ...rehearsed] = stores.map(({ runs }) => runs);
    return await use(recorded as ReadStore["runs"], rehearsed);
  } finally {
    for (const store of stores) await store.close();
  }
}

async function emptyResults({ settings }: Context): Promise<string> {
  const results = join(settings.config.dataDir, "rehearsal", "results");
  await rm(results, { recursive: true, force: true });
  return results;
}

/** Deletes the parts of a history. */
async function drop(files: string[], history: OpenedHistory): Promise<void> {
  for (const file of files) if (file !== history.file) await rm(file, { force: true });
}

async function shardsOf({ file, events }: OpenedHistory, product: Context["product"]): Promise<string[]> {
  const count = Math.min(availableParallelism(), MOST_PROCESSES, Math.ceil(events / FEWEST_EVENTS_OF_PROCESS));
  return count < 2 ? [file] : shardHistory(file, count, product.segmentNames);
}

function playWithProgress(
  checkout: Checkout,
  { order, history, files, folder }: { order: Order; history: OpenedHistory; files: string[]; folder: string },
  { settings, env, signal, io }: Context,
): Promise<PlayedSide> {
  const { from, until } = history;
  return playSide(
    checkout,
    { files, folder, from, until, replies: order.replies, settings: settings.app },
    {
      env,
      signal,
      onProgress: sometimes(io, ({ at, events }: Progress) => {
        io.printError(`… ${checkout.ref}: ${events} of ${history.events} events, up to ${iso(at)}`);
      }),
    },
  );
}

/** Calls `print` every two seconds at most. */
function sometimes<Facts>(io: Pick<CommandIo, "uptimeMs">, print: (facts: Facts) => void): (facts: Facts) => void {
  let printedAt = io.uptimeMs();
  return (facts) => {
    if (io.uptimeMs() - printedAt < PROGRESS_EVERY_MS) return;
    printedAt = io.uptimeMs();
    print(facts);
  };
}

function sideOf({ facts, outcomes }: PlayedSide, { limits }: OpenedHistory): Side {
  return { facts: { ...facts, limits }, people: outcomes.map(readOutcomes) };
}

async function copy(from: string, to: string): Promise<void> {
  const target = createWriteStream(to, { mode: 0o600 });
  if (to.endsWith(".gz")) await pipeline(createReadStream(from), createGzip(), target);
  else await pipeline(createReadStream(from), target);
}

function historyText({
  file,
  events,
  people,
  from,
  until,
}: {
  file: string;
  events: number;
  people: number;
  from: string;
  until: string;
}): string {
  return `${events} events of ${people} people, from ${from} to ${until}: ${file}`;
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
