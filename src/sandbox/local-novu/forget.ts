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
    const since = clock.now() - KEPT_MS;
    const isListed = (run: NovuRun) => !run.jobs.every(isOver) || changedAt(run) > since;
    const listed = new Set(state.runs.filter(isListed).map(({ transactionId }) => transactionId));
    state.messages = state.messages.filter(({ transactionId }) => listed.has(transactionId));
    const isKept = (run: NovuRun) =>
      listed.has(run.transactionId) || (hasAction(run) && changedAt(run) > clock.now() - KEPT_WITH_ACTION_MS);
    state.runs = state.runs.filter(isKept);
    forgetDaily(state, clock);
  });
}

function changedAt({ jobs, startedAt }: NovuRun): number {
  return Math.max(startedAt, ...jobs.map((job) => job.changedAt ?? 0));
}

function hasAction({ jobs }: NovuRun): boolean {
  return jobs.some(({ type }) => !isChannel(type) && type !== "delay" && type !== "custom");
}
