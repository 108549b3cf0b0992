import { join } from "node:path";
import type { Product } from "../../src/contracts/product.ts";
import type { LifecycleWorkflow } from "../../src/engine/lifecycle.ts";
import { DAY_MS } from "../../src/lib/durations.ts";
import { createLog } from "../../src/lib/log.ts";
import { openHistory } from "../../src/rehearsal/inputs/open-history.ts";
import type { PersonOutcome } from "../../src/rehearsal/outcome.ts";
import type { Replies } from "../../src/rehearsal/player.ts";
import { playShard, type ShardFacts, type ShardOrder } from "../../src/rehearsal/shard.ts";
import { readOutcomes } from "../../src/rehearsal/side.ts";
import { type Verification, verify } from "../../src/rehearsal/verify/verify.ts";
import type { Samples } from "../../src/sandbox/samples.ts";
import type { Sandbox } from "../../src/sandbox/sandbox.ts";
import { openStoreToRead } from "../../src/store/open-store.ts";
import { testFolder } from "./folder.ts";

type AnyProduct = Product<LifecycleWorkflow>;

const SETTINGS: ShardOrder["settings"] = {
  plan: "free",
  cap: { most: 3, withinMs: 7 * DAY_MS },
  hours: { from: "09:00", to: "20:00" },
  timeZone: "UTC",
  emailProviders: ["resend"],
  internalUsers: "",
};

interface Parts {
  product: AnyProduct;
  samples: Samples;
  replies?: Replies;
  settings?: Partial<ShardOrder["settings"]>;
}

/** Plays the history in a file or, by default, in the store of `dataDir`, in this process. */
export async function rehearse(
  {
    dataDir,
    from = "store",
    plain = true,
    ...period
  }: { dataDir: string; from?: string; plain?: boolean; since?: number; until?: number },
  { product, samples, replies = "recorded", settings = {} }: Parts,
) {
  const folder = testFolder();
  const history = await openHistory(
    { from, plain, ...period },
    {
      config: {
        dataDir,
        databaseUrl: undefined,
        databaseDirectUrl: undefined,
        retentionMs: 90 * DAY_MS,
        internalUsers: [],
        posthog: null,
      },
      product,
      signal: new AbortController().signal,
    },
  );
  const outcomes = join(folder.path, "people.jsonl");
  const facts: ShardFacts = await playShard(
    {
      ...{ file: history.file, from: history.from, until: history.until, replies, outcomes },
      dataDir: join(folder.path, "data"),
      studioPort: null,
      settings: { ...SETTINGS, ...settings },
    },
    { product, samples, onProgress: () => {} },
  );
  const people: PersonOutcome[] = [];
  for await (const person of readOutcomes(outcomes)) people.push(person);
  return {
    history,
    facts,
    people,
    storeFolder: join(folder.path, "data", "store"),
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

/** Rehearses what this sandbox has recorded until now, and compares the decisions. */
export async function verifySandbox(sandbox: Sandbox, since: number, parts: Parts): Promise<Verification> {
  const period = { since, until: sandbox.clock.now() };
  using rehearsed = await rehearse({ dataDir: sandbox.config.dataDir, ...period }, parts);
  const store = await openStoreToRead(
    { dataDir: rehearsed.storeFolder },
    { now: Date.now, log: createLog({ level: "silent" }) },
  );
  try {
    const { cap } = { ...SETTINGS, ...parts.settings };
    return await verify(sandbox.app.store.runs, [store.runs], {
      from: since,
      until: period.until,
      capMs: cap.withinMs,
    });
  } finally {
    await store.close();
  }
}
