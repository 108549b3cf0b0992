import { type Config, readConfig } from "../config.ts";
import { eventsToForward } from "../contracts/event.ts";
import type { Product } from "../contracts/product.ts";
import type { LifecycleWorkflow } from "../engine/lifecycle.ts";
import { type Command, type CommandContext, defineCommand, type OptionValues, UsageError } from "../lib/command.ts";
import { describeError } from "../lib/errors.ts";
import { timeOption } from "../lib/read-time.ts";
import type { RetryOptions } from "../lib/service-client.ts";
import { createPostHogQueries } from "../sources/posthog/queries.ts";
import { withStoreToRead } from "./command-store.ts";
import { configuredPostHog } from "./posthog-api.ts";
import { compare, createFeed, type Missing, startAt } from "./reconcile/compare.ts";
import { asJson, COMMAND, commandFor, lineOf, type Order, progressLine, summary } from "./reconcile/report.ts";

const SEGMENT_REPLAY = "https://www.twilio.com/docs/segment/guides/what-is-replay";

const HELP = `${COMMAND} --since TIME [options]

Compares the events at PostHog with the events that arrived here, and lists the missing ones. With --apply
it sends each of them to the running app as PostHog would, so all rules of the app apply, also those for
late and repeated events. You can run it again at any time, beside the app and with the same environment.

  --since TIME   90m, 2h or 3d ago, or an ISO time such as 2026-03-02T09:00:00Z
  --until TIME   the same; now by default
  --apply        send the missing events to the app
  --url URL      address of the app (http://127.0.0.1:PORT by default)
  --json         print one JSON object
  --help

Times are those at which the events happened. PostHog may not have all events of the last minutes yet.
Filters on the destination at PostHog, except on event names, are unknown here: the events that they hold
back count as missing, so read the list before you use --apply.

POSTHOG_PERSONAL_API_KEY needs the scope query:read.

Segment has no API to read events, so they are not compared. Segment can replay them, and events that
arrived before have no effect again: ${SEGMENT_REPLAY}

Exit code: 0 nothing is missing, or all missing events were accepted; 1 error, or the app refused an event;
2 wrong usage; 3 events are missing, and --apply was not given.

From the sources: npm run reconcile -- --since 2h. After a build: node dist/src/cli.js reconcile --since 2h`;

const PROGRESS_EVERY_MS = 2_000;

const OPTIONS = {
  since: { type: "string" },
  until: { type: "string", default: "0m" },
  apply: { type: "boolean" },
  url: { type: "string" },
} as const;

export const reconcileOf = ({ workflows }: Pick<Product<LifecycleWorkflow>, "workflows">): Command =>
  defineCommand({
    name: "reconcile",
    help: HELP,
    options: OPTIONS,
    async run(context) {
      const order = orderOf(context.options, context.now());
      return reconcileWith(order, readConfig(context.env), workflows, context);
    },
  });

function orderOf(options: OptionValues<typeof OPTIONS> & { json: boolean }, now: number): Order {
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
