import type { Job, NovuRun, NovuState } from "../state.ts";
import { digestedEvents } from "./digest.ts";

/** What Novu tells a bridge of an earlier step, as things are at that moment. */
export function stepState(state: NovuState, run: NovuRun, job: Job, now: number): object {
  const { stepId, status, error } = job;
  return { stepId, outputs: outputsOf(state, run, job, now), state: { status, ...(error !== null && { error }) } };
}

function outputsOf(state: NovuState, run: NovuRun, job: Job, now: number): Record<string, unknown> {
  switch (job.type) {
    case "custom":
      return job.outputs;
    case "delay":
      // Novu counts from the trigger on, skipped delays included.
      return { duration: now - run.startedAt };
    case "digest":
      return digestedEvents(state, { run, job });
    case "throttle":
      return { throttled: false };
    case "in_app": {
      const message = state.messages.find(({ id }) => id === job.id);
      return {
        seen: message?.seen ?? false,
        read: message?.read ?? false,
        lastSeenDate: message?.lastSeenDate ?? null,
        lastReadDate: message?.lastReadDate ?? null,
      };
    }
    default:
      return {};
  }
}
