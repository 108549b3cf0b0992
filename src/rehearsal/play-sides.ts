import { rm } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { Channel } from "../contracts/channel.ts";
import type { Product } from "../contracts/product.ts";
import type { LifecycleWorkflow } from "../engine/lifecycle.ts";
import type { CommandContext } from "../lib/command.ts";
import type { CommandIo } from "../lib/command-io.ts";
import { WORKING_TREE } from "./checkout.ts";
import type { OpenedHistory } from "./inputs/open-history.ts";
import { readingOf } from "./inputs/people.ts";
import { shardHistory } from "./inputs/select.ts";
import type { Order } from "./order.ts";
import { makeReport, type Report, type Side } from "./report/compare.ts";
import type { RehearsalSettings } from "./settings.ts";
import { type Checkout, type PlayedSide, type Progress, playSide, readOutcomes } from "./side.ts";

/** A smaller history is played sooner by one process, because each process takes seconds to start. */
const FEWEST_EVENTS_OF_PROCESS = 150;
const MOST_PROCESSES = 8;
const PROGRESS_EVERY_MS = 2_000;

export interface Context extends Pick<CommandContext, "env" | "io" | "signal"> {
  product: Product<LifecycleWorkflow>;
  /** The checkout of this process. */
  root: string;
  settings: RehearsalSettings;
}

export async function playAndCompare(
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

export async function emptyResults({ settings }: Context): Promise<string> {
  const results = join(settings.config.dataDir, "rehearsal", "results");
  await rm(results, { recursive: true, force: true });
  return results;
}

/** Deletes the parts of a history. */
export async function drop(files: string[], history: OpenedHistory): Promise<void> {
  for (const file of files) if (file !== history.file) await rm(file, { force: true });
}

export async function shardsOf({ file, events }: OpenedHistory, product: Context["product"]): Promise<string[]> {
  const count = Math.min(availableParallelism(), MOST_PROCESSES, Math.ceil(events / FEWEST_EVENTS_OF_PROCESS));
  return count < 2 ? [file] : shardHistory(file, count, readingOf(product));
}

export function playWithProgress(
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

function sideOf({ facts, outcomes }: PlayedSide, { limits }: OpenedHistory): Side {
  return { facts: { ...facts, limits: [...limits, ...limitsOf(facts)] }, people: outcomes.map(readOutcomes) };
}

/** The limits of every rehearsal, for the channels of these workflows. */
function limitsOf({ workflows }: PlayedSide["facts"]): string[] {
  const channels = new Set(workflows.flatMap(({ messages }) => messages.map(({ channel }) => channel)));
  const unknown = ["push", "chat"].filter((channel) => channels.has(channel as Channel));
  return [
    "Runs, messages, entries and merges from before the history's beginning are not known.",
    "Flags of PostHog, preferences and texts from Novu's dashboard, and bounces are not in a history.",
    ...(unknown.length > 0
      ? [`Devices and chats are not in a history either, so each message by ${unknown.join(" or ")} is "unreachable".`]
      : []),
  ];
}

/** Calls `print` every two seconds at most. */
export function sometimes<Facts>(
  io: Pick<CommandIo, "uptimeMs">,
  print: (facts: Facts) => void,
): (facts: Facts) => void {
  let printedAt = io.uptimeMs();
  return (facts) => {
    if (io.uptimeMs() - printedAt < PROGRESS_EVERY_MS) return;
    printedAt = io.uptimeMs();
    print(facts);
  };
}

export function iso(at: number): string {
  return new Date(at).toISOString();
}
