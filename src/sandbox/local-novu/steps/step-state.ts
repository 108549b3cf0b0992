import type { Job, NovuRun, NovuState } from "../state.ts";
import { digestedEvents } from "./digest.ts";

/** The state of an earlier step in a call to the bridge, as of now. */
export function stepState(state: NovuState, run: NovuRun, job: Job, now: number): object {
  const { stepId, status, error } = job;
  return { stepId, outputs: outputsOf(state, run, job, now), state: { status, ...(error !== null && { error }) } };
}

function outputsOf(state: NovuState, run: NovuRun, job: Job, now: number): Record<string, unknown> {
  switch (job.type) {
    case "custom":
      return job.outputs;
    case "delay":
      // Novu counts from the trigger, for skipped delays too.
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
