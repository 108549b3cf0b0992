import { EntryLimit } from "../contracts/routing.ts";
import { type Duration, toMs } from "./duration.ts";
import { misfitOf, type StartMatcher } from "./event.ts";

interface Definition {
  id: string;
  on: StartMatcher[];
  entry?: "always" | "once" | "one at a time" | { oncePer: Duration };
  recipients?: unknown;
}

/** How often one person may enter. Throws when the workflow is made, and not when its first event arrives. */
export function entryLimit({ id, on, entry: asked }: Definition): EntryLimit {
  // Each later event within the time of an `occurrence` is an nth event again, so one entry per time is the default.
  const countedMs = Math.max(
    0,
    ...on.map(({ occurrence, inactiveForDays }) => occurrence?.withinMs ?? toMs({ days: inactiveForDays ?? 0 })),
  );
  // An announcement that goes out twice is worse than one that somebody misses.
  const isAnnouncement = on.some(({ cohort }) => cohort !== undefined);
  const usual = isAnnouncement ? "once" : countedMs > 0 ? { oncePerMs: countedMs } : "always";
  const limit = EntryLimit.safeParse(typeof asked === "object" ? { oncePerMs: toMs(asked.oncePer) } : (asked ?? usual));
  if (limit.success) return limit.data;
  throw new Error(`the entry of "${id}" is not possible: ${misfitOf(limit.error)}`);
}

/** Throws for `recipients` beside events that are counted or searched for one person, or have their address. */
export function assertRecipientsFit({ id, on, recipients }: Definition): void {
  if (recipients === undefined) return;
  const [counted] = on.flatMap(({ occurrence, inactiveForDays, cohort, emailIn }) => [
    ...(occurrence === null ? [] : ["an `occurrence`"]),
    ...(inactiveForDays === undefined ? [] : ["`inactivity`"]),
    ...(cohort === undefined ? [] : ["a `cohort`"]),
    ...(emailIn === undefined ? [] : ["`emailIn`"]),
  ]);
  if (counted !== undefined)
    throw new Error(`"${id}" has \`recipients\` and ${counted}, which is about the event's own person; remove one`);
}
