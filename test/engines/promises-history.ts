import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { waitName } from "../../src/contracts/event-wait.ts";
import { type Job, QUEUES } from "../../src/contracts/job.ts";
import type { Store } from "../../src/store/store.ts";
import {
  clicked,
  decision,
  event,
  exit,
  LATER,
  mergeRequest,
  nextPart,
  OCCURRED_AT,
  profile,
  run,
  start,
  unsubscribed,
} from "../support/facts.ts";
import type { Engine } from "./promises.ts";

const HOUR_MS = 60 * 60 * 1000;

/** What every engine tells people who look. */
export function storeHistories(name: string, createEngine: () => Engine): void {
  describe(`what the store tells people: ${name}`, () => {
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

    it("lists runs newest first, page by page, and each once", async () => {
      // Three at each time, so that a page ends among them.
      for (let index = 0; index < 12; index += 1) await begin(`u${index}`, { hour: Math.floor(index / 3) });
      const seen: string[] = [];
      for (let before: Parameters<Store["runs"]["list"]>[0]["before"]; ; ) {
        const page = await store.runs.list({ limit: 5, before });
        seen.push(...page.map(({ transactionId }) => transactionId));
        if (page.length < 5) break;
        before = page.at(-1)!;
      }
      expect(seen).toHaveLength(12);
      expect(new Set(seen).size).toBe(12);
      expect(seen.slice(0, 3).sort()).toEqual(["u10:w", "u11:w", "u9:w"]);
      expect(seen.slice(-3).sort()).toEqual(["u0:w", "u1:w", "u2:w"]);
    });

    it("lists all people with a run, page by page, and what is known of some of them", async () => {
      await begin("u1", { distinctId: "grace" });
      await begin("u2", { distinctId: "ada" });
      await begin("u3", { distinctId: "ada" });
      await store.runs.markStarted("u2:w");
      await store.decisions.record(decision({ transactionId: "u2:w", distinctId: "ada" }));
      await store.events.insert(event({ uuid: "x", distinctId: "ada" }), {
        starts: [],
        exits: [exit({ eventUuid: "x", distinctId: "ada" })],
      });
      expect(await store.runs.listDistinctIds({ after: "", limit: 1 })).toEqual(["ada"]);
      expect(await store.runs.listDistinctIds({ after: "ada", limit: 9 })).toEqual(["grace"]);
      const { runs, exits, decisions } = await store.runs.listOf(["ada", "nobody"]);
      expect(runs.map(({ transactionId }) => transactionId).sort()).toEqual(["u2:w", "u3:w"]);
      expect(exits.map(({ eventUuid }) => eventUuid)).toEqual(["x"]);
      expect(decisions.map(({ transactionId }) => transactionId)).toEqual(["u2:w"]);
      expect(await store.runs.listOf([])).toEqual({ runs: [], exits: [], decisions: [] });
      await store.people.merge(mergeRequest({ previousId: "ada", currentId: "ada@work" }));
      const merged = await store.runs.findMergedIds(["ada", "grace"]);
      expect([...merged].map(([id, ids]) => [id, ids.sort()])).toEqual([
        ["ada", ["ada", "ada@work"]],
        ["grace", ["grace"]],
      ]);
    });

    it("lists the runs of a workflow, of a status, of a person, and those an event began or ended", async () => {
      await begin("u1");
      await begin("u2", { workflow: "v" });
      await begin("u3", { distinctId: "grace" });
      await store.runs.markStarted("u1:w");
      const ids = async (query: Omit<Parameters<Store["runs"]["list"]>[0], "limit">) =>
        (await store.runs.list({ limit: 9, ...query })).map(({ transactionId }) => transactionId).sort();
      const about = (text: string) => ({
        about: { distinctId: text, transactionIds: [text, `${text}:w`], eventUuid: text },
      });

      expect(await ids({ workflow: "v" })).toEqual(["u2:v"]);
      expect(await ids({ status: "in progress" })).toEqual(["u1:w"]);
      expect(await ids({ status: "pending" })).toEqual(["u2:v", "u3:w"]);
      expect(await ids(about("ada"))).toEqual(["u1:w", "u2:v"]);
      expect(await ids(about("u3"))).toEqual(["u3:w"]);
      expect(await ids(about("u2:v"))).toEqual(["u2:v"]);
      expect(await ids(about("nobody"))).toEqual([]);

      await store.events.insert(event({ uuid: "e", name: "checkout_completed", occurredAt: LATER }), {
        starts: [],
        exits: [exit()],
      });
      await store.runs.markExiting(exit());
      expect(await ids(about("e"))).toEqual(["u1:w"]);
      expect(await ids({ status: "exited" })).toEqual(["u1:w"]);
      expect(await ids({ status: "exited", workflow: "v" })).toEqual([]);

      await store.runs.markNotStarted("u2:v");
      expect(await ids({ status: "not started" })).toEqual(["u2:v"]);
      await store.decisions.record(decision({ transactionId: "u3:w", outcome: "skipped", reason: "too late" }), {
        endsRun: true,
      });
      expect(await ids({ status: "not started" })).toEqual(["u2:v", "u3:w"]);
      expect(await ids({ status: "pending" })).toEqual([]);
    });

    it("tells the history of a run, and of a person", async () => {
      await begin("u", { properties: { plan: "pro" } });
      await begin("other", { distinctId: "grace" });
      await store.runs.markStarted("u:w");
      await store.decisions.record(decision({ outcome: "skipped", reason: "exited", detail: "checkout_completed" }));
      await store.events.insert(event({ uuid: "e", name: "checkout_completed", occurredAt: LATER }), {
        starts: [],
        exits: [exit()],
      });
      const aside = { source: "segment" as const, receivedAt: LATER, eventUuid: "s", eventName: "x", body: "{}" };
      await store.events.insertIgnored({ ...aside, reason: "hers", distinctId: "ada" });
      await store.events.insertIgnored({ ...aside, reason: "of somebody else", distinctId: "grace" });

      const ofRun = await store.runs.history({ transactionId: "u:w" });
      expect(ofRun).toMatchObject({
        runs: [
          { eventUuid: "u", eventName: "checkout_started", receivedAt: now, status: "in progress", enteredAt: now },
        ],
        events: [
          { uuid: "u", properties: { plan: "pro" }, receivedAt: now },
          { uuid: "e", name: "checkout_completed" },
        ],
        exits: [exit()],
        decisions: [{ reason: "exited" }],
        ignored: [],
      });
      expect(ofRun.jobs.map(({ key }) => key).sort()).toEqual([
        "exit:e:w",
        "overdue:u:w",
        "report:u:w::triggered",
        "report:u:w:welcome:skipped",
        "start:u:w",
      ]);
      const ofPerson = await store.runs.history({ distinctId: "ada" });
      expect(ofPerson).toEqual({ ...ofRun, ignored: [expect.objectContaining({ reason: "hers" })] });
      expect((await store.runs.history({ distinctId: "ada", workflow: "v" })).runs).toEqual([]);
      expect(await store.runs.history({ transactionId: "none" })).toMatchObject({ runs: [], decisions: [] });
    });

    it("tells of jobs of every kind, waiting and dead, of this person only", async () => {
      for (const [uuid, distinctId] of [
        ["u", "ada"],
        ["other", "grace"],
      ] as const) {
        const transactionId = `${uuid}:w`;
        await begin(uuid, { distinctId });
        await store.runs.markStarted(transactionId);
        for (const kind of ["throttle", "withdraw"] as const)
          await store.jobs.schedule({ kind, body: { transactionId, workflow: "w", distinctId } }, now);
        const refresh = {
          transactionId,
          distinctId,
          source: "posthog",
          occurredAt: OCCURRED_AT,
        } as const;
        for (const isWrong of [false, true])
          await store.jobs.schedule({ kind: "refresh subscriber", body: { ...refresh, isWrong } }, now);
        await store.decisions.record(decision({ transactionId, distinctId, step: "second" }));
        await store.events.insert(
          event({ uuid: `e ${uuid}`, name: "checkout_completed", distinctId, occurredAt: LATER }),
          {
            starts: [],
            exits: [exit({ eventUuid: `e ${uuid}`, distinctId })],
            awaited: [exit({ workflow: waitName("w", "wait"), eventUuid: `e ${uuid}`, distinctId })],
          },
        );
        await store.runs.beginWait(nextPart({ run: run({ eventUuid: uuid, distinctId }) }));
        await store.events.insert(event({ uuid: `i ${uuid}`, name: "$identify", distinctId }), {
          ...{ starts: [], exits: [] },
          profiles: [profile({ eventUuid: `i ${uuid}`, subscriber: { subscriberId: distinctId } })],
          mergeRequests: [mergeRequest({ eventUuid: `i ${uuid}`, currentId: distinctId })],
        });
        await store.decisions.record(decision({ transactionId, distinctId, outcome: "skipped", reason: "exited" }));
        await store.decisions.insertReport(clicked({ transactionId, distinctId }));
        const report = unsubscribed({ transactionId, distinctId, step: "unheard of" });
        await store.people.changeOptOuts({
          off: ["offers"],
          on: [],
          distinctId,
          cause: "link",
          at: OCCURRED_AT,
          report,
        });
      }
      await store.devices.add({ distinctId: "ada", provider: "fcm", integration: null, token: "a-token" });
      // While these are being done, what is chosen next waits behind them.
      for (const queue of ["subscribers", "posthog"] as const) await store.jobs.claim(queue, 99, HOUR_MS);
      await store.people.changeOptOuts({
        off: [],
        on: ["offers"],
        distinctId: "ada",
        cause: "link",
        at: LATER,
        report: null,
      });

      const kinds: Record<Job["kind"], string[]> = {
        start: ["start:u:w"],
        exit: ["exit:e u:w"],
        "awaited event": ["awaited event:e u:w#wait"],
        "next part": ["next part:u:w:wait"],
        throttle: ["throttle:u:w"],
        "refresh subscriber": ["refresh subscriber:u:w", "refresh subscriber:u:w:correction"],
        merge: ["merge:i u"],
        "upsert subscriber": ["upsert subscriber:i u"],
        devices: [`devices:ada:fcm:${OCCURRED_AT}`],
        preferences: [`preferences:ada:${OCCURRED_AT}`, `preferences:ada:${LATER}`],
        "opt-outs": [`opt-outs:ada:${OCCURRED_AT}`, `opt-outs:ada:${LATER}`],
        receipt: ["receipt:u:w:second"],
        overdue: ["overdue:u:w"],
        withdraw: ["withdraw:u:w"],
        report: [
          "report:u:w:welcome:skipped",
          "report:u:w::triggered",
          "report:u:w:unheard of:unsubscribed",
          "report:u:w:welcome:clicked",
        ],
      };
      const told = async () =>
        (await store.runs.history({ distinctId: "ada" })).jobs.map(({ kind, key, state }) => `${kind} ${key} ${state}`);
      const all = (state: "waiting" | "dead") =>
        Object.entries(kinds)
          .flatMap(([kind, keys]) => keys.map((key) => `${kind} ${key} ${state}`))
          .sort();
      expect((await told()).sort()).toEqual(all("waiting"));
      now += 2 * HOUR_MS;
      for (const queue of QUEUES)
        for (const { id } of await store.jobs.claim(queue, 99, HOUR_MS)) await store.jobs.giveUp(id, "no");
      expect((await told()).sort()).toEqual(all("dead"));

      const { jobs } = await store.runs.history({ distinctId: "ada", workflow: "v" });
      expect(jobs.find(({ kind }) => kind === "exit")).toMatchObject({ workflow: "w", transactionId: null });
      expect(jobs.find(({ kind }) => kind === "upsert subscriber")).toMatchObject({
        workflow: null,
        transactionId: null,
      });
      expect(jobs.find(({ kind }) => kind === "start")).toMatchObject({ workflow: "w", transactionId: "u:w" });
      const ofRun = (await store.runs.history({ transactionId: "u:w" })).jobs.map(({ kind }) => kind);
      expect([...new Set(ofRun)].sort()).toEqual([
        ...[
          "awaited event",
          "exit",
          "next part",
          "overdue",
          "receipt",
          "refresh subscriber",
          "report",
          "start",
          "throttle",
          "withdraw",
        ],
      ]);
    });

    it("keeps the jobs of two runs apart when one's id begins with the other's", async () => {
      for (const workflow of ["w", "w-2"]) await begin("u", { workflow });
      const { jobs } = await store.runs.history({ transactionId: "u:w" });
      expect(jobs.map(({ key }) => key)).toEqual(["start:u:w"]);
    });

    it("tells what a person chose, what Novu was told of them, and whether they are in other workflows", async () => {
      await begin("u");
      await store.people.saveSentProfile({ profile: profile(), known: null });
      await store.people.changeOptOuts({
        ...{ off: ["offers"], on: [], distinctId: "ada", cause: "complained", at: OCCURRED_AT },
        report: null,
      });
      await store.people.changeOptOuts({
        off: [],
        on: ["offers"],
        distinctId: "ada",
        cause: "novu",
        at: LATER,
        report: null,
      });
      expect(await store.runs.history({ distinctId: "ada", workflow: "v" })).toMatchObject({
        optOuts: [
          { at: OCCURRED_AT, topic: "offers", isOut: true, cause: "complained" },
          { at: LATER, topic: "offers", isOut: false, cause: "novu" },
        ],
        subscriberAsOf: OCCURRED_AT,
        hasOtherRuns: true,
      });
      const nothing = { optOuts: [], subscriberAsOf: null, hasOtherRuns: false, jobs: [] };
      expect(await store.runs.history({ distinctId: "grace", workflow: "w" })).toMatchObject(nothing);
      const { jobs: _work, ...ofRun } = await store.runs.history({ transactionId: "u:w" });
      expect(ofRun).toMatchObject({ optOuts: [], subscriberAsOf: null, hasOtherRuns: false });
    });

    it("counts what became of each workflow in a period", async () => {
      for (const uuid of ["u1", "u2", "u3", "u4"]) await begin(uuid, { distinctId: uuid });
      await store.runs.markStarted("u4:w");
      now += HOUR_MS;
      for (const uuid of ["u1", "u2", "u3"]) await store.runs.markStarted(`${uuid}:w`);
      await store.runs.markExiting(exit({ distinctId: "u1" }));
      await store.decisions.record(made({ transactionId: "u2:w", step: "a" }));
      await store.decisions.record(made({ transactionId: "u2:w", step: "b", channel: "push" }));
      await store.decisions.record(made({ transactionId: "u3:w", step: "a" }), { endsRun: true });
      await store.decisions.record(made({ transactionId: "u1:w", step: "a", outcome: "skipped", reason: "exited" }));
      await store.decisions.record(made({ transactionId: "u1:w", step: "b", outcome: "failed", reason: "error" }));
      await store.decisions.record(decision({ transactionId: "u4:w", step: "before the period" }));

      expect(await store.runs.countOutcomes(now)).toEqual([
        {
          workflow: "w",
          entered: 3,
          waiting: 1,
          converted: 1,
          lost: 0,
          sent: [
            { channel: "email", count: 2 },
            { channel: "push", count: 1 },
          ],
          skipped: [{ reason: "exited", count: 1 }],
          failed: 1,
        },
      ]);
      expect(await store.runs.countOutcomes(now + 1)).toEqual([]);
    });

    it("pages what was ignored, by reason, and about a person or an event", async () => {
      for (let index = 0; index < 5; index += 1)
        await store.events.insertIgnored({
          source: "posthog",
          receivedAt: index === 0 ? OCCURRED_AT : LATER,
          reason: index < 2 ? "one" : "other",
          eventUuid: `u${index}`,
          eventName: null,
          distinctId: index === 4 ? "ada" : null,
          body: "",
        });
      const uuids = async (query: Omit<Parameters<Store["events"]["listIgnored"]>[0], "limit">) =>
        (await store.events.listIgnored({ limit: 2, ...query })).map(({ eventUuid }) => eventUuid);
      const [, second] = await store.events.listIgnored({ limit: 2 });
      expect(await uuids({})).toEqual(["u4", "u3"]);
      expect(await uuids({ before: second!.id })).toEqual(["u2", "u1"]);
      expect(await uuids({ reason: "one" })).toEqual(["u1", "u0"]);
      expect(await uuids({ about: "ada" })).toEqual(["u4"]);
      expect(await uuids({ about: "u2" })).toEqual(["u2"]);
      expect(await store.events.countIgnored(Date.parse(LATER))).toEqual([
        { reason: "other", count: 3 },
        { reason: "one", count: 1 },
      ]);
    });

    it("shows what waits, and pages what is dead", async () => {
      for (const uuid of ["u1", "u2", "u3"]) await begin(uuid);
      const [first, second] = await store.jobs.claim("novu", 2, 1_000);
      const ids = async (status: "pending" | "stuck") =>
        (await store.runs.list({ limit: 9, status })).map((run) => [run.transactionId, run.status]);
      await store.jobs.giveUp(first!.id, "no");
      await store.jobs.giveUp(second!.id, "never");
      expect(await ids("pending")).toEqual([["u3:w", "pending"]]);
      expect((await ids("stuck")).sort()).toEqual([
        ["u1:w", "stuck"],
        ["u2:w", "stuck"],
      ]);
      expect(await store.jobs.listWaiting("novu", 9)).toMatchObject([
        { key: "start:u3:w", state: "waiting", dueAt: now },
      ]);
      expect(await store.jobs.listWaiting("posthog", 9)).toEqual([]);
      expect(await store.jobs.listDead({ limit: 1 })).toMatchObject([{ id: second!.id, error: "never", attempts: 1 }]);
      expect(await store.jobs.listDead({ limit: 9, before: second!.id })).toMatchObject([{ id: first!.id }]);
      expect(await store.jobs.listDead({ limit: 9, error: "no" })).toMatchObject([{ id: first!.id }]);
    });

    function begin(uuid: string, { workflow = "w", distinctId = "ada", hour = 0, properties = {} }: Beginning = {}) {
      const occurredAt = new Date(Date.parse(OCCURRED_AT) + hour * HOUR_MS).toISOString();
      const facts = { eventUuid: uuid, distinctId, occurredAt, transactionId: `${uuid}:${workflow}` };
      return store.events.insert(event({ uuid, distinctId, occurredAt, properties }), {
        starts: [start({ workflow, run: run(facts) })],
        exits: [],
      });
    }

    function made(changes: Parameters<typeof decision>[0]) {
      return decision({ decidedAt: new Date(now).toISOString(), ...changes });
    }
  });
}

interface Beginning {
  workflow?: string;
  distinctId?: string;
  hour?: number;
  properties?: Record<string, unknown>;
}
