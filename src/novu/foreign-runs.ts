import type { NovuRunRecord } from "../contracts/novu.ts";
import { readPerson } from "../contracts/person.ts";
import { oneJobRunId, type Run, sharedRunId } from "../contracts/run.ts";
import { valueWithin } from "../lib/clock.ts";
import type { Call, ExecuteBody } from "./bridge-call.ts";

const FIND_WITHIN_MS = 500;

/**
 * Adds a run to a call that this app did not trigger, but a backend, Segment's function for Novu, or a colleague. With
 * a run, opt-outs, holdouts and the cap apply, and decisions are recorded. A call from Novu's development environment
 * gets no run, and stays a test.
 */
export function createForeignRuns({
  findRun,
  begin,
  source,
  now,
}: {
  /** The run of a Novu job; null if Novu does not list the run. May fail. */
  findRun(subscriberId: string, jobId: string): Promise<NovuRunRecord | null>;
  /** Stores the run, unless it is stored already. False if a run of another person has this id. */
  begin(run: Run, workflow: string): Promise<boolean>;
  /** The source where the person of the run is read first. */
  source: Run["source"];
  now: () => number;
}) {
  return async ({ workflow, jobId }: Call, body: ExecuteBody): Promise<ExecuteBody> => {
    const { payload, subscriber = {}, env } = body;
    const { subscriberId } = subscriber;
    const isOurs = (payload.run as { transactionId?: unknown } | undefined)?.transactionId !== undefined;
    if (isOurs || env?.type === "dev" || workflow === null || typeof subscriberId !== "string") return body;
    const found = jobId === null ? null : await valueWithin(findRun(subscriberId, jobId), FIND_WITHIN_MS);
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
