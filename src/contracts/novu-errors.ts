import { SECOND_MS } from "../lib/durations.ts";
import { PermanentError, RefusedError, RetryLaterError, UnavailableError } from "../lib/errors.ts";
import { ALLOWED_CHARACTERS, refusedCharacters } from "../lib/subscriber-id.ts";
import type { NovuAnswer } from "./novu-answer.ts";

const RATE_LIMIT_PAUSE_MS = SECOND_MS;
const STILL_RUNNING_PAUSE_MS = SECOND_MS;

/** Novu's answers that trying again cannot change; a human has to act. */
const FINAL = new Set([400, 404, 413, 415]);

/** A proxy's answers when nothing behind it answers, or not in time. Only 503 may be Novu's own, which Novu remembers. */
const isDown = (status: number) => status === 408 || status > 500;

const SWITCHED_OFF = new Set(["trigger_not_active", "no_workflow_steps_defined", "no_workflow_active_steps_defined"]);

/**
 * Judges Novu's answer to a call, about `workflow` and a subscriber if it is about these: null when it is
 * done, else an error that says whether and when to try again, and not who the subscriber is. Source of the answers: https://docs.novu.co/api-reference/events/trigger-event
 */
export function errorOf(answer: NovuAnswer, workflow = "", subscriberId = ""): Error | null {
  const { httpStatus, triggerStatus, message, retryAfterMs } = answer;
  if (httpStatus === null) return new UnavailableError(`Novu gave no answer: ${message}`, { answered: false });
  if (httpStatus < 300) return errorOfTrigger(triggerStatus, message, workflow, subscriberId);
  if (httpStatus === 429)
    return new RetryLaterError("Novu's rate limit is reached", {
      // Novu says 0 for what is within the same second.
      retryAfterMs: Math.max(retryAfterMs ?? 0, RATE_LIMIT_PAUSE_MS),
      answered: true,
    });
  // An earlier try under the same idempotency key is still in progress.
  if (httpStatus === 409)
    return new RetryLaterError("Novu is still busy with an earlier try", {
      retryAfterMs: retryAfterMs ?? STILL_RUNNING_PAUSE_MS,
      answered: false,
    });
  if (httpStatus === 401 || httpStatus === 403)
    return new RefusedError(`Novu refuses the key (${httpStatus}); is NOVU_SECRET_KEY of this environment and region?`);
  if (httpStatus === 422 && message.includes("workflow_not_found")) {
    return new RefusedError(`Novu knows no workflow "${workflow}"; has this bridge been synced?`);
  }
  // A try of a process that was killed has reached it, with a person as they were then. The next key is another one.
  if (httpStatus === 422 && message.includes("different body"))
    return new RefusedError("Novu has had this trigger with another recipient");
  if (httpStatus === 422 || FINAL.has(httpStatus))
    return new PermanentError(`Novu refuses the call (${httpStatus}): ${message}`);
  if (isDown(httpStatus))
    return new UnavailableError(`Novu is down (${httpStatus})`, { answered: httpStatus === 503, retryAfterMs });
  return new RefusedError(`Novu answered ${httpStatus}: ${message}`, { retryAfterMs });
}

/** The workflow that Novu did not know, by what a start died of; null when it was something else. */
export function unknownWorkflowOf(error: string): string | null {
  return /\bNovu knows no workflow "([^"]+)"/.exec(error)?.[1] ?? null;
}

function errorOfTrigger(
  status: string | undefined,
  message: string,
  workflow: string,
  subscriberId: string,
): Error | null {
  if (status === undefined || status === "processed") return null;
  if (SWITCHED_OFF.has(status))
    return new PermanentError(
      `Novu has "${workflow}" switched off or without steps (${status}); activate it in the dashboard and redrive`,
    );
  const refused = refusedCharacters(subscriberId);
  if (status === "invalid_recipients" && refused.length > 0)
    return new PermanentError(
      `Novu did not start "${workflow}" (${status}): it checks the ids of subscribers, and this distinct id has ${refused.map((one) => JSON.stringify(one)).join(" ")}, where Novu takes ${ALLOWED_CHARACTERS}; identify people by such ids, or have Novu switch the check off and redrive`,
    );
  if (status === "error") return new RefusedError(`Novu could not take the trigger: ${message}`);
  return new PermanentError(`Novu did not start "${workflow}": ${message}`);
}
