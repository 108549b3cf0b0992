import { z } from "zod";
import { readPerson } from "../contracts/person.ts";
import { Run } from "../contracts/run.ts";

/** Any object in the published schema: the app adds it to each trigger. */
export const RunInPayload = z.looseObject({}).optional().meta({ description: "Filled in by the bridge" });

/** The run of a bridge call; `rehearsal` where a trigger from Novu's dashboard has none. */
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
  // A run that cannot be parsed throws: without it a message would go out unguarded.
  if (facts?.transactionId !== undefined) {
    const run = Run.parse(facts);
    // It may be of an earlier version with other property types.
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
