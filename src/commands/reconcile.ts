import { type Command, defineCommand } from "../lib/command.ts";
import type { LoadProduct } from "./load-product.ts";
import { COMMAND, SEGMENT_REPLAY } from "./reconcile/report.ts";

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

export const OPTIONS = {
  since: { type: "string" },
  until: { type: "string", default: "0m" },
  apply: { type: "boolean" },
  url: { type: "string" },
} as const;

export const reconcileOf = (loadProduct: LoadProduct): Command =>
  defineCommand({
    name: "reconcile",
    help: HELP,
    options: OPTIONS,
    async run(context) {
      const { run } = await import("./reconcile/run.ts");
      return run(context, await loadProduct());
    },
  });
