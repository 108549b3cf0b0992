import type { Kysely } from "kysely";
import type { Device, DeviceList } from "../contracts/device.ts";
import { type ChangedDevices, queueOf } from "../contracts/job.ts";
import { inOrder, inTransaction, type Parts } from "./engine.ts";
import { insertJob } from "./job-queue.ts";
import { IS_NO_START, type Tables } from "./tables.ts";

type Token = Pick<Device, "provider" | "token">;
type ListOfPerson = Omit<ChangedDevices, "at">;

export interface Devices {
  /**
   * Saves a device as the newest one of its person, with the jobs that send the changed lists to Novu. A token belongs
   * to one person: a person who had it before loses it. Of more than 20 devices of a person at one provider, the oldest
   * are deleted.
   */
  add(device: Device): Promise<void>;
  /** Deletes a device, and writes the job that sends its list to Novu. False when nobody has the token. */
  remove(device: Token): Promise<boolean>;
  /** The tokens in one list of this distinct id, oldest first. Merged ids have lists of their own. */
  listTokens(distinctId: string, list: DeviceList): Promise<string[]>;
}

/** Novu accepts up to 100 tokens in a list, and sends each message to all of them. */
const MOST_DEVICES = 20;

/**
 * The devices of people. A merge moves no device to another id, because anybody can send the event of a merge, and
 * would then get another person's messages.
 */
export function devices({ db, now, lock, announce }: Parts): Devices {
  return {
    async add(device) {
      await change(device, async (trx) => {
        const { distinctId, provider, integration, token } = device;
        const before = await take(trx, device);
        const row = { distinct_id: distinctId, provider, integration, token, registered_at: now() };
        await trx.insertInto("devices").values(row).execute();
        return [{ distinctId, provider, integration }, ...before, ...(await deleteOldest(trx, device))];
      });
    },

    async remove(device) {
      const changed = await change(device, (trx) => take(trx, device));
      return changed.length > 0;
    },

    async listTokens(distinctId, { provider, integration }) {
      const rows = await db
        .selectFrom("devices")
        .select("token")
        .where("distinct_id", "=", distinctId)
        .where("provider", "=", provider)
        .where("integration", integration === null ? "is" : "=", integration)
        .orderBy("id")
        .execute();
      return rows.map(({ token }) => token);
    },
  };

  /** Changes the device of a token, with a job for each list that `work` answers. Answers these lists, each once. */
  async function change(
    { provider, token }: Token,
    work: (trx: Kysely<Tables>) => Promise<ListOfPerson[]>,
  ): Promise<ListOfPerson[]> {
    const jobs = await inTransaction(db, async (trx) => {
      await lock(trx, [`device ${provider} ${token}`]);
      const lists = new Map((await work(trx)).map((list) => [keyOf(list), list]));
      const jobs: Array<{ list: ListOfPerson; dueAt: number }> = [];
      for (const list of inOrder([...lists.values()], keyOf))
        jobs.push({ list, dueAt: await insertDevicesJob(trx, list, now()) });
      return jobs;
    });
    for (const { dueAt } of jobs) announce(queueOf({ kind: "devices" }), dueAt);
    return jobs.map(({ list }) => list);
  }
}

function keyOf({ distinctId, provider, integration }: ListOfPerson): string {
  return JSON.stringify([distinctId, provider, integration]);
}

/** Deletes a device; answers the list that had it. */
function take(trx: Kysely<Tables>, { provider, token }: Token): Promise<ListOfPerson[]> {
  return trx
    .deleteFrom("devices")
    .where("provider", "=", provider)
    .where("token", "=", token)
    .returning(["distinct_id as distinctId", "provider", "integration"])
    .execute();
}

/** Deletes the oldest devices above the limit; answers their lists. */
async function deleteOldest(trx: Kysely<Tables>, { distinctId, provider }: Device): Promise<ListOfPerson[]> {
  const newestFirst = await trx
    .selectFrom("devices")
    .select("id")
    .where("distinct_id", "=", distinctId)
    .where("provider", "=", provider)
    .orderBy("id", "desc")
    .execute();
  const surplus = newestFirst.slice(MOST_DEVICES).map(({ id }) => id);
  if (surplus.length === 0) return [];
  return trx
    .deleteFrom("devices")
    .where("id", "in", surplus)
    .returning(["distinct_id as distinctId", "provider", "integration"])
    .execute();
}

/**
 * Inserts a job that sends a list, in place of the jobs of the list that are dead or that no worker has leased. Beside
 * a job in progress it waits until the lease ends, because Novu adds a new list twice after two calls at the same time.
 * Answers when the job is due.
 */
async function insertDevicesJob(trx: Kysely<Tables>, list: ListOfPerson, now: number): Promise<number> {
  const jobs = await trx
    .selectFrom("jobs")
    .select(["id", "body", "leased_until"])
    .where("distinct_id", "=", list.distinctId)
    .where("kind", "=", "devices")
    .where(IS_NO_START)
    .execute();
  const same = jobs.filter(({ body }) => keyOf((JSON.parse(body) as { body: ChangedDevices }).body) === keyOf(list));
  const idle = same.filter(({ leased_until }) => leased_until <= now).map(({ id }) => id);
  if (idle.length > 0) await trx.deleteFrom("jobs").where("id", "in", idle).where("leased_until", "<=", now).execute();

  const dueAt = Math.max(now, ...same.map(({ leased_until }) => leased_until));
  // Another job may have the key of this moment. Then the next millisecond is tried.
  for (let at = now; ; at += 1) {
    const body = { ...list, at: new Date(at).toISOString() };
    if (await insertJob(trx, { kind: "devices", body }, dueAt)) return dueAt;
  }
}
