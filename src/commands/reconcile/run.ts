import { type Config, readConfig } from "../../config.ts";
import { eventsToForward } from "../../contracts/event.ts";
import type { Product } from "../../contracts/product.ts";
import type { LifecycleWorkflow } from "../../engine/lifecycle.ts";
import { type CommandContext, type RunContext, UsageError } from "../../lib/command.ts";
import { describeError } from "../../lib/errors.ts";
import { timeOption } from "../../lib/read-time.ts";
import type { RetryOptions } from "../../lib/service-client.ts";
import { createPostHogQueries } from "../../sources/posthog/queries.ts";
import { withStoreToRead } from "../command-store.ts";
import { configuredPostHog } from "../posthog-api.ts";
import type { OPTIONS } from "../reconcile.ts";
import { compare, createFeed, type Missing, startAt } from "./compare.ts";
import { asJson, commandFor, lineOf, type Order, progressLine, SEGMENT_REPLAY, summary } from "./report.ts";

const PROGRESS_EVERY_MS = 2_000;

export async function run(
  context: RunContext<typeof OPTIONS>,
  { workflows }: Pick<Product<LifecycleWorkflow>, "workflows">,
): Promise<number> {
  const order = orderOf(context.options, context.now());
  return reconcileWith(order, readConfig(context.env), workflows, context);
}

function orderOf(options: RunContext<typeof OPTIONS>["options"], now: number): Order {
  if (options.since === undefined) throw new UsageError("--since is missing");
  const [since, until] = [timeOption("--since", options.since, now), timeOption("--until", options.until, now)];
  if (since >= until) throw new UsageError("--since must be before --until, and before now");
  const url = options.url?.replace(/\/+$/, "");
  if (url !== undefined && !/^https?:\/\/[^\s'"]+$/.test(url)) throw new UsageError("--url must be an http(s) address");
  return { since, until, apply: options.apply, url, json: options.json };
}

async function reconcileWith(
  order: Order,
  config: Config,
  workflows: LifecycleWorkflow[],
  { now, io, signal }: CommandContext,
): Promise<number> {
  const { since, until, apply, json } = order;
  if (apply && order.url === undefined && config.port === 0)
    throw new UsageError("PORT is 0, so --url is needed: the address of the app");

  const posthog = configuredPostHog(config, {
    purpose: "reconcile compares with the events at PostHog",
    withSegment: `Segment has no API to read events, but can replay them: ${SEGMENT_REPLAY}`,
  });
  const events = eventsToForward(workflows);
  const progress = startAt(since);
  const found: Missing[] = [];
  const printProgress = (line: string) => {
    if (!json) io.printError(line);
  };
  let quietUntil = 0;
  const retries: RetryOptions = {
    signal,
    sleep: io.sleep,
    // Events that are sent at the same time also pause at the same time, so only the first pause is printed.
    onPause: ({ why, pauseMs }) => {
      if (io.uptimeMs() < quietUntil) return;
      quietUntil = io.uptimeMs() + pauseMs;
      printProgress(`${why}; next attempt in ${Math.ceil(pauseMs / 1000)} s`);
    },
  };
  const feed = createFeed(order.url ?? `http://127.0.0.1:${config.port}`, posthog.webhookSecrets);

  const trouble = await withStoreToRead({ ...config, now }, async (store) => {
    const timer = setInterval(() => printProgress(progressLine(progress)), PROGRESS_EVERY_MS);
    try {
      await compare({
        pages: createPostHogQueries(posthog).history({ events, since, until }, retries),
        knownEvents: store.events.findKnown,
        feed: apply ? (event) => feed(event, retries) : null,
        progress,
        onMissing: (missing) => {
          if (json) found.push(missing);
          else io.print(lineOf(missing));
        },
      });
      return null;
    } catch (error) {
      return describeError(error);
    } finally {
      clearInterval(timer);
    }
  });

  io.print(json ? asJson({ order, events, progress, found, trouble }) : summary(order, progress, trouble));
  if (trouble !== null) {
    io.printError(trouble);
    printProgress(`continue with: ${commandFor({ ...order, since: progress.doneUntil })}`);
  }
  if (trouble !== null || progress.refused > 0) return 1;
  return progress.missing > 0 && !apply ? 3 : 0;
}
