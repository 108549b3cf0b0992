import { sampleDependencies } from "../../src/app/step-dependencies.ts";
import { readConfig } from "../../src/config.ts";
import { parseJob } from "../../src/contracts/job.ts";
import { createLog } from "../../src/lib/log.ts";
import { discoverWorkflows } from "../../src/novu/framework.ts";
import { openStore } from "../../src/store/open-store.ts";
import { product } from "../../src/workflows/product.ts";
import { uuidV7 } from "./load.ts";
import { type StoredRun, WORKFLOW } from "./step-calls.ts";

const AT_A_TIME = 500;
const LEASE_MS = 60_000;

/** Stores runs that Novu has accepted. */
export async function fillRuns(
  env: Record<string, string>,
  { runs: count, personOf }: { runs: number; personOf(number: number): string },
): Promise<StoredRun[]> {
  const config = readConfig(env);
  const log = createLog({ level: "silent" });
  const shape = await shapeOf(config);
  const store = await openStore(config, { now: Date.now, log });
  const runs = Array.from({ length: count }, (_, number): StoredRun => {
    const eventUuid = uuidV7();
    const occurredAt = new Date().toISOString();
    return {
      ...{ transactionId: `${eventUuid}:${WORKFLOW}`, eventUuid, occurredAt, shape },
      distinctId: personOf(number),
    };
  });
  try {
    for (let from = 0; from < count; from += AT_A_TIME) {
      await Promise.all(runs.slice(from, from + AT_A_TIME).map(begin));
      const claimed = await store.jobs.claim("novu", AT_A_TIME, LEASE_MS);
      const started = claimed.map(({ body }) => parseJob(body)).filter((job) => job.kind === "start");
      await Promise.all(started.map(({ body }) => store.runs.markStarted(body.run.transactionId, shape)));
      await store.jobs.complete(claimed.map(({ id }) => id));
    }
    return runs;
  } finally {
    await store.close();
  }

  async function begin({ transactionId, distinctId, eventUuid, occurredAt }: StoredRun): Promise<void> {
    const source = "posthog" as const;
    const event = { source, uuid: eventUuid, name: "user_signed_up", distinctId, occurredAt };
    const run = { transactionId, eventUuid, eventName: event.name, source, distinctId, occurredAt, snapshot: {} };
    const start = {
      ...{ workflow: WORKFLOW, run, to: { subscriberId: distinctId }, payload: {}, entry: "always" as const },
      ...{ addressWait: null, startBy: null, occurrence: null },
    };
    await store.events.insert({ ...event, properties: {}, personProperties: null }, { starts: [start], exits: [] });
  }
}

/** The id of the workflow's shape, which each trigger has. */
async function shapeOf(config: ReturnType<typeof readConfig>): Promise<string> {
  const deps = sampleDependencies({ config, locales: product.locales, link: (url) => url, now: Date.now });
  const workflows = await discoverWorkflows(
    product.workflows.map(({ build }) => build(deps)),
    createLog({ level: "silent" }),
  );
  return workflows.find(({ id }) => id === WORKFLOW)?.shapeId ?? "";
}
