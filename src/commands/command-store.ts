import { randomUUID } from "node:crypto";
import { commandSecret, STORE_CHANGE_PATH, type StoreChange, StoreChangeAnswer } from "../contracts/store-change.ts";
import type { Env, Surroundings } from "../lib/command.ts";
import { MINUTE_MS } from "../lib/durations.ts";
import { createLog } from "../lib/log.ts";
import { keyOf, sign } from "../lib/verify-webhook.ts";
import { readSettings } from "../read-settings.ts";
import { Settings } from "../settings.ts";
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

/** The store that the settings name. */
export type StoreLocation = ReturnType<typeof storeIn>;

const Location = Settings.pick({ DATABASE_URL: true, DATABASE_DIRECT_URL: true, DATA_DIR: true });
/** The settings of a call to the running app. */
const Access = Settings.pick({ PORT: true, LINK_SIGNING_KEYS: true });

const log = createLog({ level: "silent" });

/** A backup of a large store is slow. */
const ANSWER_WITHIN_MS = 10 * MINUTE_MS;

export function storeIn(env: Env) {
  const {
    DATABASE_URL: databaseUrl,
    DATABASE_DIRECT_URL: databaseDirectUrl,
    DATA_DIR: dataDir,
  } = readSettings(Location, env);
  return { databaseUrl, databaseDirectUrl, dataDir };
}

/** Opens the app's store while the app may be running. If that fails, returns the result of `unopened`. */
export async function withStoreToRead<Result>(
  { now = Date.now, ...location }: Parameters<typeof openStoreToRead>[0] & Partial<Pick<Surroundings, "now">>,
  use: (store: ReadStore) => Promise<Result>,
  unopened: (error: unknown) => Result = rethrow,
): Promise<Result> {
  let store: ReadStore;
  try {
    store = await openStoreToRead(location, { now, log });
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
  { env, now }: Surroundings,
  use: (store: CommandStore) => Promise<Result>,
): Promise<Result> {
  const { databaseUrl, ...location } = storeIn(env);
  if (databaseUrl !== undefined)
    return closing(await openStoreToChange({ ...location, databaseUrl }, { now, log }), use);
  const { jobs, people } = changesByTheApp(env);
  return withStoreToRead({ ...location, now }, (store) =>
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

/**
 * Changes that the running app makes for commands on the same machine. A change throws if the app does not answer, or if
 * the settings of the call are missing.
 */
export function changesByTheApp(env: Env): Changes & Pick<Store, "backup"> {
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
    const { PORT: port, LINK_SIGNING_KEYS: linkSigningKeys } = readSettings(Access, env);
    const url = `http://127.0.0.1:${port}`;
    const unreachable = `no app answers at ${url}; with SQLite only the running app changes the store: start the app, or set PORT to its port`;
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
}

function unexpected(): never {
  throw new Error("what answers at PORT is not this app, or has another version; set PORT to the port of the app");
}
