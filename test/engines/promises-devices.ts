import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Device, DeviceList } from "../../src/contracts/device.ts";
import { parseJob } from "../../src/contracts/job.ts";
import type { Store } from "../../src/store/store.ts";
import { merge, OCCURRED_AT } from "../support/facts.ts";
import type { Engine } from "./promises.ts";

const LEASE_MS = 5_000;
const FCM: DeviceList = { provider: "fcm", integration: null };
const EXPO: DeviceList = { provider: "expo", integration: "expo-2" };

/** The promises of every engine about the devices of people. */
export function storeDevices(name: string, createEngine: () => Engine): void {
  describe(`the store's devices: ${name}`, () => {
    let engine: Engine;
    let store: Store;
    let now = 0;

    beforeEach(async () => {
      now = Date.parse(OCCURRED_AT);
      engine = createEngine();
      store = await engine.open(() => now);
    });
    afterEach(async () => {
      await store.close();
      await engine.drop();
    });

    it("are kept by person, provider and integration, with a job for each list", async () => {
      await add("ada", "a");
      await add("ada", "b");
      await add("ada", "b", EXPO);
      await add("ada", "c", { ...EXPO, integration: null });
      await add("grace", "d");
      expect(await tokens("ada")).toEqual(["a", "b"]);
      expect(await tokens("ada", EXPO)).toEqual(["b"]);
      expect(await tokens("ada", { ...EXPO, integration: null })).toEqual(["c"]);
      expect(await owed()).toEqual(["ada expo", "ada expo expo-2", "ada fcm", "grace fcm"]);
      await store.close();
      store = await engine.reopen(() => now);
      expect(await tokens("ada")).toEqual(["a", "b"]);
    });

    it("have one owner: the person who registered the token last", async () => {
      await add("ada", "a");
      await add("ada", "b");
      await done();
      await add("grace", "a");
      expect([await tokens("ada"), await tokens("grace")]).toEqual([["b"], ["a"]]);
      expect(await owed()).toEqual(["ada fcm", "grace fcm"]);
    });

    it("have one owner of many who register the token at once", async () => {
      const people = Array.from({ length: 10 }, (_, index) => `person ${index}`);
      await Promise.all(people.map((person) => add(person, "a")));
      const owners: string[] = [];
      for (const person of people) if ((await tokens(person)).length > 0) owners.push(person);
      expect(owners).toHaveLength(1);
      expect(await owed()).toEqual(people.map((person) => `${person} fcm`));
    });

    it("move to the integration with which they are registered last", async () => {
      await add("ada", "a", EXPO);
      await done();
      await add("ada", "a", { ...EXPO, integration: "expo-3" });
      expect(await tokens("ada", EXPO)).toEqual([]);
      expect(await owed()).toEqual(["ada expo expo-2", "ada expo expo-3"]);
    });

    it("are the newest when they are registered again, and are sent again", async () => {
      await add("ada", "a");
      await add("ada", "b");
      await done();
      await add("ada", "a");
      expect(await tokens("ada")).toEqual(["b", "a"]);
      expect(await owed()).toEqual(["ada fcm"]);
    });

    it("are 20 at most for each person and provider, the newest", async () => {
      await add("ada", "first", { ...FCM, integration: "old" });
      await add("ada", "of another provider", EXPO);
      await done();
      for (let index = 0; index < 20; index += 1) await add("ada", `t${index}`);
      expect(await tokens("ada")).toEqual(Array.from({ length: 20 }, (_, index) => `t${index}`));
      expect(await tokens("ada", { ...FCM, integration: "old" })).toEqual([]);
      expect(await tokens("ada", EXPO)).toEqual(["of another provider"]);
      expect(await owed()).toEqual(["ada fcm", "ada fcm old"]);
    });

    it("are removed by their token and provider", async () => {
      await add("ada", "a");
      await add("ada", "a", EXPO);
      await done();
      expect(await store.devices.remove({ provider: "fcm", token: "a" })).toBe(true);
      expect([await tokens("ada"), await tokens("ada", EXPO)]).toEqual([[], ["a"]]);
      expect(await owed()).toEqual(["ada fcm"]);
      expect(await store.devices.remove({ provider: "fcm", token: "a" })).toBe(false);
      expect(await owed()).toEqual([]);
    });

    it("owe one job for a list that changes before the job runs, or after it died", async () => {
      await add("ada", "a");
      await add("ada", "b");
      const [job, ...others] = await store.jobs.claim("subscribers", 10, LEASE_MS);
      expect(others).toEqual([]);
      await store.jobs.giveUp(job!.id, "no integration");
      await add("ada", "c");
      expect(await store.jobs.count()).toEqual({ waiting: 1, dead: 0 });
      expect(await owed()).toEqual(["ada fcm"]);
    });

    it("that change while their job runs owe another job, when the lease ends", async () => {
      await add("ada", "a");
      const [running] = await store.jobs.claim("subscribers", 10, LEASE_MS);
      const due: Array<number | undefined> = [];
      store.on("jobs", (_queue, dueAt) => due.push(dueAt));
      await add("ada", "b");
      await add("ada", "c");
      await add("grace", "d");
      expect(due).toEqual([now + LEASE_MS, now + LEASE_MS, now]);
      await store.jobs.complete([running!.id]);
      expect(await owed()).toEqual(["grace fcm"]);
      now += LEASE_MS;
      expect(await owed()).toEqual(["ada fcm"]);
    });

    it("do not move to another id by a merge, which anybody can send", async () => {
      await add("visitor", "a");
      await done();
      await store.people.merge(merge());
      expect([await tokens("visitor"), await tokens("ada")]).toEqual([["a"], []]);
      expect((await store.people.listRecords("ada")).devices).toHaveLength(1);
      expect(await owed()).toEqual([]);
    });

    it("stay at any age", async () => {
      await add("ada", "a");
      await done();
      await store.prune(now + 10 * 365 * 24 * 60 * 60_000, 100);
      expect(await tokens("ada")).toEqual(["a"]);
    });

    function add(distinctId: string, token: string, list = FCM): Promise<void> {
      const device: Device = { distinctId, token, ...list };
      return store.devices.add(device);
    }

    function tokens(distinctId: string, list = FCM): Promise<string[]> {
      return store.devices.listTokens(distinctId, list);
    }

    /** Claims the due jobs, completes them, and answers their lists. */
    async function owed(): Promise<string[]> {
      const jobs = await store.jobs.claim("subscribers", 100, LEASE_MS);
      await store.jobs.complete(jobs.map(({ id }) => id));
      const lists = jobs.map(({ body }) => {
        const job = parseJob(body);
        return job.kind === "devices"
          ? [job.body.distinctId, job.body.provider, job.body.integration ?? ""]
          : [job.kind];
      });
      return lists.map((parts) => parts.join(" ").trimEnd()).sort();
    }

    async function done(): Promise<void> {
      await owed();
    }
  });
}
