import { DAY_MS, MINUTE_MS } from "../lib/durations.ts";

const RECENT_MS = 7 * DAY_MS;
/** Novu's own delay between a trigger and the first message. */
const MARGIN_MS = 5 * MINUTE_MS;

/**
 * The workflows that sent nothing in the last 7 days, although people entered them long enough ago for the first
 * message. All times in milliseconds.
 */
export async function silentWorkflows({
  workflows,
  countSince,
  now,
}: {
  workflows: Array<{ id: string; firstMessageMs: number }>;
  countSince(since: number): Promise<Array<{ workflow: string; entered: number; sent: number }>>;
  now: number;
}): Promise<string[]> {
  const recent = await countSince(now - RECENT_MS);
  const silent: string[] = [];
  for (const { workflow, entered, sent } of recent) {
    if (entered === 0 || sent > 0) continue;
    const { firstMessageMs = 0 } = workflows.find(({ id }) => id === workflow) ?? {};
    const lately = await countSince(now - firstMessageMs - MARGIN_MS);
    if (entered > (lately.find((one) => one.workflow === workflow)?.entered ?? 0)) silent.push(workflow);
  }
  return silent;
}
