import { ALLOWED_CHARACTERS, refusedCharacters } from "../contracts/novu.ts";
import { type ProfileField, RefusedFieldsError } from "../contracts/routing.ts";
import { SECOND_MS } from "../lib/durations.ts";
import { PermanentError, RefusedError, RetryLaterError, UnavailableError } from "../lib/errors.ts";

/** An error of Novu's, as it came. */
export interface NovuFailure {
  /** Null when no answer came: connection refused, reset, timed out. */
  httpStatus: number | null;
  /** For the person on call; no payloads. */
  message: string;
  /** The fields of a subscriber that Novu names when it refuses them. */
  refusedFields?: ProfileField[];
  /** From Retry-After. */
  retryAfterMs?: number | undefined;
}

/** Novu does not have the thing that the call is about. */
export class NotFoundError extends PermanentError {}

const RATE_LIMIT_PAUSE_MS = SECOND_MS;
const STILL_RUNNING_PAUSE_MS = SECOND_MS;

/** Novu's answers that trying again cannot change; a human has to act. */
const FINAL = new Set([400, 413, 415, 422]);

/** A proxy's answers when nothing behind it answers, or not in time. Only 503 may be Novu's own, which Novu remembers. */
const isDown = (status: number) => status === 408 || status > 500;

const SWITCHED_OFF = new Set(["trigger_not_active", "no_workflow_steps_defined", "no_workflow_active_steps_defined"]);

/**
 * The error for a call that Novu did not accept: its class decides whether and when to retry. Its message does not
 * name the subscriber. Source of the answers: https://docs.novu.co/api-reference/events/trigger-event
 */
export function errorOf({ httpStatus, message, refusedFields = [], retryAfterMs }: NovuFailure, workflow = ""): Error {
  if (httpStatus === null) return new UnavailableError(`Novu gave no answer: ${message}`, { answered: false });
  if (httpStatus === 429)
    return new RetryLaterError("Novu's rate limit is reached", {
      // Novu's Retry-After is 0 when the time is within the same second.
      retryAfterMs: Math.max(retryAfterMs ?? 0, RATE_LIMIT_PAUSE_MS),
      answered: true,
    });
  // An earlier attempt under the same idempotency key is still in progress.
  if (httpStatus === 409)
    return new RetryLaterError("Novu is still busy with an earlier try", {
      retryAfterMs: retryAfterMs ?? STILL_RUNNING_PAUSE_MS,
      answered: false,
    });
  if (httpStatus === 401 || httpStatus === 403)
    return new RefusedError(`Novu refuses the key (${httpStatus}); is NOVU_SECRET_KEY of this environment and region?`);
  if (httpStatus === 422 && message.includes("workflow_not_found"))
    return new RefusedError(`Novu knows no workflow "${workflow}"; has this bridge been synced?`);
  // A process that was killed has sent this trigger with the person as they were then. The next attempt has another key.
  if (httpStatus === 422 && message.includes("different body"))
    return new RefusedError("Novu has had this trigger with another recipient");
  const text = `Novu refuses the call (${httpStatus}): ${message}`;
  if (httpStatus === 404) return new NotFoundError(text);
  if (FINAL.has(httpStatus))
    return refusedFields.length > 0 ? new RefusedFieldsError(text, refusedFields) : new PermanentError(text);
  if (isDown(httpStatus))
    return new UnavailableError(`Novu is down (${httpStatus})`, { answered: httpStatus === 503, retryAfterMs });
  return new RefusedError(`Novu answered ${httpStatus}: ${message}`, { retryAfterMs });
}

/** The error for a trigger that Novu accepted without starting the workflow; null when it did start it. */
export function errorOfTrigger(
  { status, message }: { status: string; message: string },
  { workflow, subscriberId }: { workflow: string; subscriberId: string },
): Error | null {
  if (status === "processed") return null;
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

/** The workflow that Novu did not have, from the error of a dead start; null when the error was another one. */
export function unknownWorkflowOf(error: string): string | null {
  return /\bNovu knows no workflow "([^"]+)"/.exec(error)?.[1] ?? null;
}
