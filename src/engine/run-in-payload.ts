import { z } from "zod";
import { readPerson } from "../contracts/person.ts";
import { Run } from "../contracts/run.ts";

/** Left open in the published schema: nobody types it in. The bridge puts it there with the trigger. */
export const RunInPayload = z.looseObject({}).optional().meta({ description: "Filled in by the bridge" });

/** The run a bridge call is about; `rehearsal` when a trigger by hand, from Novu's dashboard, brought none. */
export type CurrentRun = Run & { workflow: string; rehearsal: boolean };

export function runOf({
  payload,
  subscriber,
  workflow,
  now,
}: {
  payload: Record<string, unknown>;
  subscriber: { subscriberId?: string; email?: string | null; firstName?: string | null };
  workflow: string;
  now: number;
}): CurrentRun {
  const facts = RunInPayload.parse(payload.run);
  // Facts that cannot be read throw: without them a message would go out unguarded.
  if (facts?.transactionId !== undefined) {
    const run = Run.parse(facts);
    // An earlier version may have sent it off as it came.
    return { ...run, snapshot: readPerson({ ...run.snapshot }).properties, workflow, rehearsal: false };
  }

  const distinctId = subscriber?.subscriberId ?? "";
  return {
    workflow,
    rehearsal: true,
    transactionId: "",
    eventUuid: "",
    eventName: "",
    source: "posthog",
    distinctId,
    occurredAt: new Date(now).toISOString(),
    snapshot: readPerson({ email: subscriber?.email, name: subscriber?.firstName }).properties,
  };
}
