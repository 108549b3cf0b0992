import { readPerson } from "../contracts/person.ts";
import { oneJobRunId, type Run, sharedRunId } from "../contracts/run.ts";
import { valueWithin } from "../lib/value-within.ts";
import type { Call, ExecuteBody } from "./bridge-call.ts";

const ASK_WITHIN_MS = 500;

/** A run as Novu has it. */
export interface FoundRun {
  transactionId: string;
  /** When it was triggered; ISO 8601. */
  createdAt: string | null;
}

/**
 * Gives a run to a call whose trigger did not come from here: from a backend, from Segment's own function for Novu,
 * or from a colleague. So its opt-outs, holdouts and caps hold, and its messages are recorded. A try in Novu's
 * development environment stays a rehearsal.
 */
export function createForeignRuns({
  findRun,
  begin,
  source,
  now,
}: {
  /** The run that a job of Novu's is of; null where Novu does not list it. May fail. */
  findRun(subscriberId: string, jobId: string): Promise<FoundRun | null>;
  /** Keeps the run, unless it is kept already; false where its id is another person's. */
  begin(run: Run, workflow: string): Promise<boolean>;
  /** Where its person is read first. */
  source: Run["source"];
  now: () => number;
}) {
  return async ({ workflow, jobId }: Call, body: ExecuteBody): Promise<ExecuteBody> => {
    const { payload, subscriber = {}, env } = body;
    const { subscriberId } = subscriber;
    const isOurs = (payload.run as { transactionId?: unknown } | undefined)?.transactionId !== undefined;
    if (isOurs || env?.type === "dev" || workflow === null || typeof subscriberId !== "string") return body;
    const found = jobId === null ? null : await valueWithin(findRun(subscriberId, jobId), ASK_WITHIN_MS);
    const transactionId = found?.transactionId ?? oneJobRunId({ jobId, workflow, distinctId: subscriberId });
    const { email, firstName: name } = subscriber;
    const run: Run = {
      transactionId,
      eventUuid: transactionId,
      eventName: "triggered at Novu",
      distinctId: subscriberId,
      source,
      occurredAt: found?.createdAt ?? new Date(now()).toISOString(),
      snapshot: readPerson({ email, name }).properties,
    };
    if (await begin(run, workflow)) return { ...body, payload: { ...payload, run } };
    const own = { ...run, transactionId: sharedRunId(run) };
    await begin(own, workflow);
    return { ...body, payload: { ...payload, run: own } };
  };
}
