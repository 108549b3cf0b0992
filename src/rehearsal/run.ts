import { once } from "node:events";
import { createReadStream } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import type { RunContext } from "../lib/command.ts";
import type { CommandIo } from "../lib/command-io.ts";
import { openRehearsalFolder } from "../lib/rehearsal-files.ts";
import { sqliteDriver } from "../store/sqlite-driver.ts";
import { lockDataFolder } from "../store/sqlite-files.ts";
import { checkOut, remove, workflowsIn } from "./checkout.ts";
import type { OPTIONS } from "./command.ts";
import { openPrivate } from "./inputs/files.ts";
import type { Progress as FetchProgress } from "./inputs/from-posthog.ts";
import { openHistory } from "./inputs/open-history.ts";
import { type Order, orderOf } from "./order.ts";
import { type Context, iso, playAndCompare, sometimes } from "./play-sides.ts";
import type { Report } from "./report/compare.ts";
import type { LinkTo } from "./report/document.ts";
import { reportJson } from "./report/json.ts";
import { reportMarkdown } from "./report/markdown.ts";
import { reportText } from "./report/text.ts";
import { settingsIn } from "./settings.ts";
import type { Checkout } from "./side.ts";
import { openStudios } from "./studios.ts";
import { verifyStore } from "./verify-store.ts";

export async function run(
  { options, env, now, io, signal }: RunContext<typeof OPTIONS>,
  { product, root }: Pick<Context, "product" | "root">,
): Promise<number> {
  const order = orderOf(options, { env, now: now(), workflows: product.workflows });
  const settings = settingsIn(env, order);
  // A second rehearsal would write the same files.
  const unlock = lockDataFolder(await sqliteDriver(), await openRehearsalFolder(settings.config.dataDir));
  try {
    return await rehearse(order, { product, root, settings, env, io, signal });
  } finally {
    unlock();
  }
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
  const { studioPort } = order;
  if (studioPort === null) printReport(order, report, io);
  else {
    using studios = await openStudios({ ...order, studioPort }, { history, against, report }, context);
    printReport(order, report, io, studios.linkTo);
    const { now, against: other } = studios.urls;
    io.printError(
      `The studio is open until Ctrl-C: ${now}${other === null ? "" : `, and of ${order.against}: ${other}`}`,
    );
    await aborted(signal);
  }
  return report.now.afterExit > 0 ? 1 : 0;
}

function printReport({ format }: Order, report: Report, io: CommandIo, linkTo?: LinkTo): void {
  if (format === "json") io.print(reportJson(report));
  else io.print(format === "markdown" ? reportMarkdown(report, { linkTo }) : reportText(report, io.paint, linkTo));
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, "abort");
}

async function copy(from: string, to: string): Promise<void> {
  const target = (await openPrivate(to, "w")).createWriteStream();
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
