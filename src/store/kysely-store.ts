import { EventEmitter } from "node:events";
import type { Queue } from "../contracts/job.ts";
import { decisions } from "./decisions.ts";
import { devices } from "./devices.ts";
import type { Engine, Parts } from "./engine.ts";
import { events } from "./events.ts";
import { jobs } from "./jobs.ts";
import { limits } from "./limits.ts";
import { people } from "./people.ts";
import { createPrune } from "./retention.ts";
import { runs } from "./runs.ts";
import type { Repositories, Store } from "./store.ts";

/** The store, in SQL that both engines run. The engine opens, locks and closes the database. */
export function createKyselyStore(engine: Engine): Store {
  const { db, now, watch, backup } = engine;
  const emitter = new EventEmitter().setMaxListeners(0);
  let stopWatching: (() => Promise<void>) | undefined;

  return {
    ...emitChanges(createRepositories({ ...engine, changed, announce }), changed),
    prune: createPrune(engine),

    async ping() {
      const row = { name: "ping", next_at: now() };
      await db
        .insertInto("leases")
        .values(row)
        .onConflict((conflict) => conflict.column("name").doUpdateSet(row))
        .execute();
    },

    on(name, listener) {
      if (name === "jobs") stopWatching ??= watch(wake);
      emitter.on(name, listener);
      return () => void emitter.off(name, listener);
    },

    backup,

    async close() {
      await stopWatching?.();
      await engine.close();
    },
  };

  function announce(queue: Queue, dueAt: number): void {
    emitter.emit("jobs", queue, dueAt);
    // Other processes find a later job by polling.
    if (dueAt <= now()) engine.announce(queue);
  }

  function wake(queue: Queue): void {
    emitter.emit("jobs", queue);
  }

  function changed(): void {
    emitter.emit("changed");
  }
}

function createRepositories(parts: Parts): Repositories {
  return {
    events: events(parts),
    runs: runs(parts),
    jobs: jobs(parts),
    decisions: decisions(parts),
    people: people(parts),
    devices: devices(parts),
    limits: limits(parts),
  };
}

/** The methods that write what a page shows. */
const SHOWN = {
  events: ["insert", "insertIgnored", "deleteIgnored"],
  runs: ["insertForeign", "markExiting", "markExited", "markNotStarted", "markStarted", "close"],
  jobs: ["complete", "retry", "giveUp", "schedule", "redrive"],
  decisions: ["record", "insertReport"],
  people: ["changeOptOuts", "saveSentProfile", "delete", "merge", "split"],
  devices: ["add", "remove"],
} as const satisfies { [Repository in keyof Repositories]?: Array<keyof Repositories[Repository]> };

/** The same repositories, which call `changed` after each method that writes what a page shows. */
function emitChanges(repositories: Repositories, changed: () => void): Repositories {
  const emitting = Object.entries(SHOWN).map(([repository, names]) => {
    const methods = repositories[repository as keyof Repositories] as unknown as Record<string, Method>;
    const wrapped = names.map((name) => [name, followedBy(methods[name] as Method, changed)]);
    return [repository, { ...methods, ...Object.fromEntries(wrapped) }];
  });
  return { ...repositories, ...Object.fromEntries(emitting) };
}

type Method = (...parameters: unknown[]) => Promise<unknown>;

function followedBy(method: Method, changed: () => void): Method {
  return async (...parameters) => {
    const result = await method(...parameters);
    changed();
    return result;
  };
}
