import { randomUUID } from "node:crypto";
import type { Config } from "../config.ts";
import { STORE_CHANGE_PATH, type StoreChange, StoreChangeAnswer } from "../contracts/store-change.ts";
import { commandSecret } from "../lib/command-secret.ts";
import { MINUTE_MS } from "../lib/durations.ts";
import { parseJson } from "../lib/json.ts";
import { createLog } from "../lib/log.ts";
import { keyOf, sign } from "../lib/standard-webhooks.ts";
import type { Jobs } from "../store/jobs.ts";
import { openStoreToChange, openStoreToRead } from "../store/open-store.ts";
import type { People } from "../store/people.ts";
import type { ReadStore, Store } from "../store/store.ts";

/** The app's store, with the changes that a command may make. */
export type StoreOfTheApp = ReadStore & Changes;

interface Changes {
  jobs: Pick<Jobs, "redrive">;
  people: Pick<People, "delete" | "split">;
}

/** A backup of a large store is slow. */
const ANSWER_WITHIN_MS = 10 * MINUTE_MS;

/**
 * Opens the app's store beside the running app. Changes go to PostgreSQL directly, and with SQLite through the
 * running app; without an answer from it they throw.
 */
export async function withStoreOfTheApp<Result>(
  config: Config,
  use: (store: StoreOfTheApp) => Promise<Result>,
): Promise<Result> {
  const parts = { now: Date.now, log: createLog({ level: "silent" }) };
  const { databaseUrl } = config;
  if (databaseUrl !== undefined) return closing(await openStoreToChange({ ...config, databaseUrl }, parts), use);
  const store = await openStoreToRead(config, parts);
  const { jobs, people } = changesByTheApp(config);
  return closing({ ...store, jobs: { ...store.jobs, ...jobs }, people: { ...store.people, ...people } }, use);
}

async function closing<Result>(store: StoreOfTheApp, use: (store: StoreOfTheApp) => Promise<Result>): Promise<Result> {
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}

/** The changes that the running app makes for commands on its machine. Each throws if the app does not answer. */
export function changesByTheApp({
  port,
  linkSigningKeys,
}: Pick<Config, "port" | "linkSigningKeys">): Changes & Pick<Store, "backup"> {
  const url = `http://127.0.0.1:${port}`;
  return {
    jobs: {
      async redrive(which) {
        const answer = await ask({ change: "redrive", which });
        return "count" in answer ? answer.count : unexpected();
      },
    },
    people: {
      async delete(distinctId) {
        const answer = await ask({ change: "forget person", distinctId });
        return "counts" in answer ? answer.counts : unexpected();
      },
      async split(distinctId) {
        const answer = await ask({ change: "split person", distinctId });
        return "count" in answer ? answer.count : unexpected();
      },
    },
    async backup(file) {
      await ask({ change: "back up", file });
    },
  };

  async function ask(change: StoreChange): Promise<Exclude<StoreChangeAnswer, { failed: string }>> {
    const body = JSON.stringify(change);
    const { status, text } = await post(body);
    if (status === 401)
      throw new Error(`the app at ${url} does not accept the signature; does it run with the same LINK_SIGNING_KEYS?`);
    if (status === 503) throw new Error(`the app at ${url} cannot write its store now; its log says why`);
    const answer = StoreChangeAnswer.safeParse(parseJson(text));
    if (status !== 202 || !answer.success) unexpected();
    if ("failed" in answer.data) throw new Error(answer.data.failed);
    return answer.data;
  }

  async function post(body: string): Promise<{ status: number; text: string }> {
    const key = keyOf(commandSecret(linkSigningKeys[0] ?? ""));
    try {
      const response = await fetch(`${url}${STORE_CHANGE_PATH}`, {
        method: "POST",
        headers: { "content-type": "application/json", ...sign({ id: randomUUID(), body, key, nowMs: Date.now() }) },
        body,
        redirect: "manual",
        signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      });
      return { status: response.status, text: await response.text() };
    } catch (error) {
      throw new Error(
        `no app answers at ${url}; with SQLite only the running app changes its store: start it, or set PORT to its port`,
        { cause: error },
      );
    }
  }

  function unexpected(): never {
    throw new Error(`${url} is not this app, or has another version; set PORT to the port of the app`);
  }
}
