import { printable } from "../../lib/terminal.ts";
import type { Missing, Progress } from "./compare.ts";
import type { Fed } from "./feed.ts";

/** What was asked for. */
export interface Order {
  since: number;
  until: number;
  apply: boolean;
  /** Where the app listens, when it was said. */
  url: string | undefined;
  json: boolean;
}

/** As it was started: after a build there is no tsx. */
export const COMMAND = import.meta.url.endsWith(".js") ? "node dist/src/cli.js reconcile" : "npm run reconcile --";

/** Where it has got to. */
export function progressLine({ compared, missing, doneUntil }: Progress): string {
  return `… ${compared} compared, up to ${iso(doneUntil)}, ${missing} missing`;
}

/** A missing event for the terminal. */
export function lineOf({ uuid, name, distinctId, occurredAt, fed }: Missing): string {
  return `${occurredAt}  ${uuid}  ${printable(name)}  ${printable(distinctId)}${fed === null ? "" : `  ${outcomeOf(fed)}`}`;
}

function outcomeOf(fed: Fed): string {
  if (fed.outcome === "ignored") return `ignored: ${printable(fed.reason)}`;
  return fed.outcome === "refused" ? `not taken: the app answered ${fed.status}` : fed.outcome;
}

/** What it came to. */
export function summary({
  order,
  progress,
  trouble,
}: {
  order: Order;
  progress: Progress;
  trouble: string | null;
}): string {
  const { compared, missing, accepted, duplicate, ignored, refused, doneUntil } = progress;
  const lines = [
    `${compared} ${compared === 1 ? "event" : "events"} from ${iso(order.since)} to ${iso(doneUntil)} compared, ${missing} missing`,
  ];
  if (order.apply && missing > 0) {
    lines.push(`  ${accepted} accepted`);
    if (duplicate > 0) lines.push(`  ${duplicate} had come by themselves meanwhile`);
    for (const [reason, count] of Object.entries(ignored)) lines.push(`  ${count} ignored: ${printable(reason)}`);
    if (refused > 0) lines.push(`  ${refused} not taken`);
  }
  if (!order.apply && missing > 0 && trouble === null)
    lines.push(`nothing was changed; feed them with: ${commandFor({ ...order, apply: true })}`);
  return lines.join("\n");
}

/** The same for programs. */
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

/** The same order, with its times fixed, to be typed again. */
export function commandFor({ since, until, apply, url }: Order): string {
  const options = [`--since ${iso(since)}`, `--until ${iso(until)}`, apply && "--apply", url && `--url '${url}'`];
  return [COMMAND, ...options.filter(Boolean)].join(" ");
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
