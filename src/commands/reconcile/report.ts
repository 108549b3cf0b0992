import { printable } from "../../lib/command-io.ts";
import type { Fed, Missing, Progress } from "./compare.ts";

/** The options of the command. */
export interface Order {
  since: number;
  until: number;
  apply: boolean;
  /** Address of the app, if --url was given. */
  url: string | undefined;
  json: boolean;
}

export const SEGMENT_REPLAY = "https://www.twilio.com/docs/segment/guides/what-is-replay";

/** The command line of this command. The built app has no tsx, so npm run does not work there. */
export const COMMAND = import.meta.url.endsWith(".js") ? "node dist/src/cli.js reconcile" : "npm run reconcile --";

export function progressLine({ compared, missing, doneUntil }: Progress): string {
  return `… ${compared} compared, up to ${iso(doneUntil)}, ${missing} missing`;
}

export function lineOf({ uuid, name, distinctId, occurredAt, fed }: Missing): string {
  return `${occurredAt}  ${uuid}  ${printable(name)}  ${printable(distinctId)}${fed === null ? "" : `  ${outcomeOf(fed)}`}`;
}

function outcomeOf(fed: Fed): string {
  if (fed.outcome === "ignored") return `ignored: ${printable(fed.reason)}`;
  return fed.outcome === "refused" ? `refused: the app answered ${fed.status}` : fed.outcome;
}

export function summary(order: Order, progress: Progress, trouble: string | null): string {
  const { compared, missing, accepted, duplicate, ignored, refused, doneUntil } = progress;
  const lines = [
    `${compared} ${compared === 1 ? "event" : "events"} from ${iso(order.since)} to ${iso(doneUntil)} compared, ${missing} missing`,
  ];
  if (order.apply && missing > 0) {
    lines.push(`  ${accepted} accepted`);
    if (duplicate > 0) lines.push(`  ${duplicate} arrived from PostHog meanwhile`);
    for (const [reason, count] of Object.entries(ignored)) lines.push(`  ${count} ignored: ${printable(reason)}`);
    if (refused > 0) lines.push(`  ${refused} refused`);
  }
  if (!order.apply && missing > 0 && trouble === null)
    lines.push(`nothing was changed; send them with: ${commandFor({ ...order, apply: true })}`);
  return lines.join("\n");
}

export function asJson({
  order,
  events,
  progress: { doneUntil, ...counts },
  found,
  trouble,
}: {
  order: Order;
  events: string[];
  progress: Progress;
  found: Missing[];
  trouble: string | null;
}): string {
  return JSON.stringify({
    since: iso(order.since),
    until: iso(order.until),
    doneUntil: iso(doneUntil),
    applied: order.apply,
    events,
    counts,
    missing: found.map(({ name, ...event }) => ({ event: name, ...event })),
    error: trouble,
  });
}

/** The command line for the same options, with absolute times. */
export function commandFor({ since, until, apply, url }: Order): string {
  const options = [`--since ${iso(since)}`, `--until ${iso(until)}`, apply && "--apply", url && `--url '${url}'`];
  return [COMMAND, ...options.filter(Boolean)].join(" ");
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
