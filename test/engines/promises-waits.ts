import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { waitName } from "../../src/contracts/event-wait.ts";
import { type ExitMatch, matchKey } from "../../src/contracts/exit-match.ts";
import type { Store } from "../../src/store/store.ts";
import { event, exit, LATER, merge, nextPart, OCCURRED_AT, run, start } from "../support/facts.ts";
import { permutations } from "../support/permutations.ts";
import type { Engine } from "./promises.ts";

const WAIT = waitName("w", "wait");
const RUN = { transactionId: "u:w", distinctId: "ada" };
const RESULT = { came: true, notes: {}, hasEmail: false };
const match = (value: string, of: ExitMatch["of"] = "person"): ExitMatch => ({
  ...{ field: "wait#cart", key: matchKey(WAIT, "cart", value) ?? "", of },
});

/** The promises of every engine about runs that wait for an event. */
export function storeWaits(name: string, createEngine: () => Engine): void {
  describe(`waits for events: ${name}`, () => {
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

    it.each(permutations(["run and wait", "event", "merge"]))(
      "%s, %s, %s: the next part is due now",
      async (...order) => {
        const does = {
          async "run and wait"() {
            await begin();
            expect(await store.runs.beginWait(nextPart())).toBe(true);
          },
          event: () => happens("e", { distinctId: "visitor" }),
          merge: () =>
            store.events.insert(event({ uuid: "i", occurredAt: LATER }), { starts: [], exits: [], merges: [merge()] }),
        };
        for (const one of order) await does[one as keyof typeof does]();
        // An event of a visitor counts from the merge on, and another event makes the next part due.
        await store.runs.endWaits(exit({ workflow: WAIT, distinctId: "visitor", occurredAt: OCCURRED_AT }));
        expect(await store.runs.findNextPart(RUN)).toBe(now);
        expect(await found()).toBe("checkout_completed");
      },
    );

    it("is due at its end without an event, and after an event of another value", async () => {
      await begin({ "wait#cart": match("1").key });
      await store.runs.beginWait(nextPart());
      await happens("e", { matches: [match("2")] });
      await happens("f", { distinctId: "grace", matches: [match("1")] });
      expect([await store.runs.findNextPart(RUN), await found()]).toEqual([Date.parse(LATER), null]);
      await happens("g", { distinctId: "grace", matches: [match("1", "anyone")] });
      expect([await store.runs.findNextPart(RUN), await found()]).toEqual([now, "checkout_completed"]);
      // No exit, for the run itself.
      const query = { ...RUN, workflow: "w", since: OCCURRED_AT };
      expect(await store.runs.findExitSince(query)).toBeNull();
      expect(await store.runs.markExiting(exit({ occurredAt: "2026-03-01T09:00:00.000Z" }))).toEqual([]);
      expect(await store.runs.findLastExits({ workflow: "w", distinctIds: ["ada"] })).toEqual(new Map());
    });

    it("begins once, and not again after its end, also at the same time", async () => {
      await begin();
      const later = nextPart({ endsAt: "2026-03-02T12:00:00.000Z" });
      await Promise.all([nextPart(), later, later].map((one) => store.runs.beginWait(one)));
      const dueAt = await store.runs.findNextPart(RUN);
      expect([Date.parse(LATER), Date.parse(later.endsAt)]).toContain(dueAt);
      const wait = { ...RUN, wait: "wait" };
      const results = [RESULT, { came: false, notes: {}, hasEmail: false }, RESULT];
      const saved = await Promise.all(results.map((one) => store.runs.saveWait(wait, one)));
      expect(new Set(saved.map(({ came }) => came)).size).toBe(1);
      now = Date.parse(later.endsAt);
      const [job] = (await store.jobs.claim("novu", 9, 1_000)).filter(({ body }) => body.includes("next part"));
      await store.jobs.complete([job?.id ?? 0]);
      expect([await store.runs.beginWait(later), await store.runs.findNextPart(RUN)]).toEqual([false, null]);
    });

    it("waits again with a new job, and is due now if the event came meanwhile", async () => {
      await begin();
      await store.runs.beginWait(nextPart());
      await store.runs.waitAgain(nextPart());
      expect(await store.runs.findNextPart(RUN)).toBe(Date.parse(LATER));
      await store.events.insert(event({ uuid: "e" }), {
        ...{ starts: [], exits: [] },
        awaited: [exit({ workflow: WAIT })],
      });
      await store.runs.waitAgain(nextPart());
      expect(await store.runs.findNextPart(RUN)).toBe(now);
    });

    it("a part of an open run begins, and none of a run that has ended or whose person was deleted", async () => {
      await begin();
      const part = { transactionId: "u:w", part: 1, shape: null };
      expect([await store.runs.beginPart(part), (await store.runs.findOpen("u:w"))?.part]).toEqual([true, 1]);
      expect(await store.runs.markExiting(exit())).toEqual([{ ...RUN, part: 1 }]);
      expect(await store.runs.beginPart({ ...part, part: 2 })).toBe(false);
      await store.people.delete("ada");
      expect(await store.runs.beginPart(part)).toBe(false);
    });

    it("is scheduled and not waiting before it is due, and keeps its run", async () => {
      await begin();
      await store.jobs.complete((await store.jobs.claim("novu", 9, 1_000)).map(({ id }) => id));
      await store.runs.beginWait(nextPart());
      const waiting = async () => (await store.jobs.countByQueue()).find(({ queue }) => queue === "novu")?.waiting;
      expect(await waiting()).toBe(0);
      await store.prune(now + 40 * 24 * 60 * 60_000, 100);
      expect(await store.runs.findState("u:w")).toBe("in progress");
      now = Date.parse(LATER);
      expect(await waiting()).toBe(1);
      expect(await store.people.delete("ada")).toMatchObject({ runs: 1 });
      expect(await store.runs.findNextPart(RUN)).toBeNull();
    });

    async function begin(matchKeys: Record<string, string> = {}) {
      await store.events.insert(event(), { starts: [start({ run: run(), matchKeys })], exits: [] });
      await store.runs.markStarted("u:w");
    }

    async function happens(uuid: string, changes: Partial<ReturnType<typeof exit>> = {}) {
      const awaited = exit({ workflow: WAIT, eventUuid: uuid, occurredAt: OCCURRED_AT, ...changes });
      const { distinctId } = awaited;
      const about = { uuid, name: awaited.eventName, distinctId, occurredAt: OCCURRED_AT };
      await store.events.insert(event(about), { starts: [], exits: [], awaited: [awaited] });
      await store.runs.endWaits(awaited);
    }

    function found() {
      return store.runs.findExitSince({ ...RUN, workflow: WAIT, since: OCCURRED_AT });
    }
  });
}
