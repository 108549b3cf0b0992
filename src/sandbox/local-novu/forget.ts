import { isChannel } from "../../contracts/channel.ts";
import type { Clock } from "../../lib/clock.ts";
import { DAY_MS } from "../../lib/durations.ts";
import { isOver, type NovuRun, type NovuState } from "./state.ts";

/** Longer than Novu's Free plan lists a run. */
const KEPT_MS = 3 * DAY_MS;
/** A digest may look back at earlier runs, and a throttle counts them. */
const KEPT_WITH_ACTION_MS = 32 * DAY_MS;

/** Deletes ended runs and their messages once a day, so that a long history needs no more memory than a short one. */
export function forgetDaily(state: NovuState, clock: Clock): void {
  clock.at(clock.now() + DAY_MS, () => {
    state.runs = state.runs.filter((run) => isKept(run, clock.now()));
    const kept = new Set(state.runs.map(({ transactionId }) => transactionId));
    state.messages = state.messages.filter(({ transactionId }) => kept.has(transactionId));
    forgetDaily(state, clock);
  });
}

function isKept({ jobs, startedAt }: NovuRun, now: number): boolean {
  if (!jobs.every(isOver)) return true;
  const changedAt = Math.max(startedAt, ...jobs.map((job) => job.changedAt ?? 0));
  const hasAction = jobs.some(({ type }) => !isChannel(type) && type !== "delay" && type !== "custom");
  return changedAt > now - (hasAction ? KEPT_WITH_ACTION_MS : KEPT_MS);
}
