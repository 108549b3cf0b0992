import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createContext, Script } from "node:vm";

export const DESTINATION_FUNCTION = fileURLToPath(
  new URL("../../.github/guides/segment-destination-function.js", import.meta.url),
);

class RetryError extends Error {
  override readonly name = "RetryError";
}
class EventNotSupported extends Error {
  override readonly name = "EventNotSupported";
}
class InvalidEventPayload extends Error {
  override readonly name = "InvalidEventPayload";
}
class ValidationError extends Error {
  override readonly name = "ValidationError";
}
const ERRORS = { RetryError, EventNotSupported, InvalidEventPayload, ValidationError };

/** The result of one event of a batch. */
export interface BatchOutcome {
  status: number;
  errormessage?: string;
}

interface Settings {
  endpoint?: string;
  secret?: string;
}
type Handler = (event: object, settings: Settings) => Promise<void>;

/** Segment's names of the handlers for one event. */
export type HandlerName = "onIdentify" | "onTrack" | "onPage" | "onScreen" | "onGroup" | "onAlias" | "onDelete";

export type DestinationFunction = Record<HandlerName, Handler> & {
  onBatch(events: object[], settings: Settings): Promise<BatchOutcome[]>;
} & typeof ERRORS;

/**
 * The Destination Function as Segment runs it: a script with Segment's globals and without Node's. Source:
 * https://www.twilio.com/docs/segment/connections/functions/destination-functions
 */
export function loadDestinationFunction({
  fetch,
  setTimeout = globalThis.setTimeout,
}: {
  fetch: typeof globalThis.fetch;
  /** Replaces Node's, so that no test waits. */
  setTimeout?: (run: () => void, ms: number) => unknown;
}): DestinationFunction {
  const context = createContext({ fetch, setTimeout, clearTimeout, ...ERRORS });
  new Script(readFileSync(DESTINATION_FUNCTION, "utf8"), { filename: DESTINATION_FUNCTION }).runInContext(context);
  return context as DestinationFunction;
}
