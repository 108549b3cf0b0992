import { randomUUID } from "node:crypto";
import type { Config } from "../config.ts";
import { commandSecret, STORE_CHANGE_PATH, type StoreChange, StoreChangeAnswer } from "../contracts/store-change.ts";
import { MINUTE_MS } from "../lib/durations.ts";
import { createLog } from "../lib/log.ts";
import { keyOf, sign } from "../lib/verify-webhook.ts";
import type { Jobs } from "../store/jobs.ts";
import { openStoreToChange, openStoreToRead } from "../store/open-store.ts";
import type { People } from "../store/people.ts";
import type { ReadStore, Store } from "../store/store.ts";
import { ask } from "./ask.ts";

/** The app's store, with the changes that a command may make. */
export type CommandStore = ReadStore & Changes;

interface Changes {
  jobs: Pick<Jobs, "redrive">;
  people: Pick<People, "delete" | "split">;
}

const PARTS = { now: Date.now, log: createLog({ level: "silent" }) };

/** A backup of a large store is slow. */
const ANSWER_WITHIN_MS = 10 * MINUTE_MS;

/** Opens the app's store while the app may be running. If that fails, returns the result of `unopened`. */
export async function withStoreToRead<Result>(
  config: Parameters<typeof openStoreToRead>[0],
  use: (store: ReadStore) => Promise<Result>,
  unopened: (error: unknown) => Result = rethrow,
): Promise<Result> {
  let store: ReadStore;
  try {
    store = await openStoreToRead(config, PARTS);
  } catch (error) {
    return unopened(error);
  }
  return closing(store, use);
}

/**
 * Opens the app's store while the app may be running. With PostgreSQL this process makes the changes. With SQLite the
 * running app makes them, and a change throws if the app does not answer.
 */
export async function withStoreToChange<Result>(
  config: Config,
  use: (store: CommandStore) => Promise<Result>,
): Promise<Result> {
  const { databaseUrl } = config;
  if (databaseUrl !== undefined) return closing(await openStoreToChange({ ...config, databaseUrl }, PARTS), use);
  const { jobs, people } = changesByTheApp(config);
  return withStoreToRead(config, (store) =>
    use({ ...store, jobs: { ...store.jobs, ...jobs }, people: { ...store.people, ...people } }),
  );
}

async function closing<Opened extends ReadStore, Result>(
  store: Opened,
  use: (store: Opened) => Promise<Result>,
): Promise<Result> {
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}

function rethrow(error: unknown): never {
  throw error;
}

/** Changes that the running app makes for commands on the same machine. A change throws if the app does not answer. */
export function changesByTheApp({
  port,
  linkSigningKeys,
}: Pick<Config, "port" | "linkSigningKeys">): Changes & Pick<Store, "backup"> {
  const url = `http://127.0.0.1:${port}`;
  const unreachable = `no app answers at ${url}; with SQLite only the running app changes the store: start the app, or set PORT to its port`;
  return {
    jobs: {
      async redrive(which) {
        const answer = await send({ change: "redrive", which });
        return "count" in answer ? answer.count : unexpected();
      },
    },
    people: {
      async delete(distinctId) {
        const answer = await send({ change: "forget person", distinctId });
        return "counts" in answer ? answer.counts : unexpected();
      },
      async split(distinctId) {
        const answer = await send({ change: "split person", distinctId });
        return "count" in answer ? answer.count : unexpected();
      },
    },
    async backup(file) {
      await send({ change: "back up", file });
    },
  };

  async function send(change: StoreChange): Promise<Exclude<StoreChangeAnswer, { failed: string }>> {
    const body = JSON.stringify(change);
    const key = keyOf(commandSecret(linkSigningKeys[0] ?? ""));
    const headers = { ...sign({ id: randomUUID(), body, key, nowMs: Date.now() }) };
    const { status, json } = await ask(
      { host: url, unreachable },
      { method: "POST", path: STORE_CHANGE_PATH, headers, body, withinMs: ANSWER_WITHIN_MS },
    );
    if (status === 401)
      throw new Error(`the app at ${url} does not accept the signature; does it run with the same LINK_SIGNING_KEYS?`);
    if (status === 503) throw new Error(`the app at ${url} cannot write its store now; the reason is in its log`);
    const answer = StoreChangeAnswer.safeParse(json);
    if (status !== 202 || !answer.success) unexpected();
    if ("failed" in answer.data) throw new Error(answer.data.failed);
    return answer.data;
  }

  function unexpected(): never {
    throw new Error(`${url} is not this app, or has another version; set PORT to the port of the app`);
  }
}
