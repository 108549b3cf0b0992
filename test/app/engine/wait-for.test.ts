import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { event } from "../../../src/engine/event.ts";
import { lifecycle } from "../../../src/engine/lifecycle.ts";
import type { Sandbox } from "../../../src/sandbox/sandbox.ts";
import { byHand, decisions } from "../../support/campaign.ts";
import { runCommand } from "../../support/command.ts";
import { testProduct } from "../../support/product/product.ts";
import { testSandbox } from "../../support/sandbox.ts";

let found = 0;
const names = { category: "transactional", description: "" } as const;

const cart = lifecycle({
  ...{ id: "cart", name: "Cart", ...names },
  on: [event("cart filled")],
  exitOn: [event("account closed")],
  waitFor: {
    bought: [
      event("cart bought", { same: "cart_id" }),
      event("order imported", {
        properties: z.object({ paid: z.boolean() }),
        where: ({ properties }) => properties.paid,
      }),
    ],
  },
  payload: z.object({ cart_id: z.union([z.string(), z.number()]).nullish() }),
  from: ({ properties }) => ({ cart_id: properties.cart_id }),
  async workflow({ step, payload }) {
    const offer = await step.custom("offer", z.object({ code: z.string() }), () => {
      found += 1;
      return { code: `code ${found}` };
    });
    const filled = await step.inApp("filled", () => ({ body: `cart ${payload.cart_id}` }));
    const bought = await step.waitFor("bought", { atMost: { days: 3 } });
    const late = await step.custom("late", z.object({ at: z.string() }), ({ now }) => ({ at: now.toISOString() }));
    await step.wait("an-hour", { hours: 1 });
    await step.inApp("thanks", () => ({ body: `${offer.code}, ${filled.sent}, ${late.at}` }), {
      skip: () => !bought.came && "has not bought",
    });
    await step.inApp("reminder", () => ({ body: `${offer.code}, ${filled.sent}, ${late.at}` }), {
      skip: () => bought.came && "has bought",
    });
  },
});

/** Two waits, with notes whose state the later parts read. */
const tour = lifecycle({
  ...{ id: "tour", name: "Tour", ...names },
  on: [event("tour began")],
  waitFor: { first: [event("step done", { same: "step" })], second: [event("tour ended")] },
  payload: z.object({ step: z.string().nullish() }),
  from: ({ properties }) => ({ step: properties.step }),
  async workflow({ step }) {
    const start = await step.inApp("start", () => ({ body: "start" }));
    const first = await step.waitFor("first", { atMost: { hours: 6 } });
    const middle = await step.inApp("middle", () => ({
      body: `first ${first.came}, start ${start.seen} ${start.read}`,
    }));
    const second = await step.waitFor("second", { atMost: { hours: 6 } });
    await step.inApp("end", () => ({
      body: `first ${first.came}, second ${second.came}, start ${start.read}, middle ${middle.sent} ${middle.read}`,
    }));
  },
});

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await testSandbox({ workflows: [cart, tour], plan: "team", novuWebhooks: true });
});
afterAll(() => sandbox[Symbol.asyncDispose]());

const did = (distinctId: string, name: string, properties: Record<string, unknown> = {}, more: object = {}) =>
  sandbox.posthog.capture({
    event: name,
    distinctId,
    properties: { $set: { name: distinctId }, ...properties },
    ...more,
  });
const texts = (subscriberId: string) =>
  sandbox.novu.state.messages.filter((one) => one.subscriberId === subscriberId).map(({ content }) => content.body);
const ofRun = (uuid: string, workflow = "cart") => decisions(sandbox, { ofRun: `${uuid}:${workflow}` });
const iso = (addMs = 0) => new Date(sandbox.clock.now() + addMs).toISOString();

/** The outcomes by step. */
const outcomesOf = async (uuid: string, workflow = "cart") =>
  Object.fromEntries((await ofRun(uuid, workflow)).map(([step, outcome, reason]) => [step, reason ?? outcome]));
const stateOf = async (distinctId: string) =>
  (await sandbox.app.store.runs.history({ distinctId })).runs.map(({ status }) => status);

describe("a wait for an event", () => {
  it("ends when the event comes, and otherwise after its longest time", async () => {
    const before = found;
    const uuids = [did("ada", "cart filled", { cart_id: 42 }), did("ada", "cart filled", { cart_id: "43" })] as const;
    await sandbox.settled();
    expect(texts("ada")).toEqual(["cart 42", "cart 43"]);
    await sandbox.travel({ days: 1 });
    const boughtAt = iso();
    did("ada", "cart bought", { cart_id: " 42 " });
    did("grace", "cart bought", { cart_id: "43" });
    did("ada", "cart bought", { cart_id: true });
    did("ada", "order imported", { paid: false });
    await sandbox.settled();
    await sandbox.travel({ hours: 2 });
    expect(texts("ada").slice(2)).toEqual([expect.stringMatching(/^code \d, true, /)]);
    expect(texts("ada")[2]).toContain(boughtAt.slice(0, 16));
    await sandbox.travel({ days: 1, hours: 23, minutes: 30 });
    expect(await ofRun(uuids[0])).toEqual([
      ["filled", "sent", null, null],
      ["thanks", "sent", null, null],
      ["reminder", "skipped", "not needed", "has bought"],
    ]);
    expect(await ofRun(uuids[1])).toEqual([
      ["filled", "sent", null, null],
      ["thanks", "skipped", "not needed", "has not bought"],
      ["reminder", "sent", null, null],
    ]);
    expect(found - before).toBe(2);
    const triggered = sandbox.novu.state.runs.map(({ transactionId }) => transactionId);
    const [bought, left] = uuids.map((uuid) => `${uuid}:cart`);
    expect(triggered).toEqual([bought, left, `${bought}#1`, `${left}#1`]);
    expect(await stateOf("ada")).toEqual(["finished", "finished"]);
    await sandbox.travel({ hours: 2 });
    const all = await sandbox.app.store.decisions.list({ distinctId: "ada" });
    expect(all.filter(({ outcome }) => outcome === "sent").map(({ receipt }) => receipt)).toEqual(
      Array.from({ length: 4 }, () => "confirmed"),
    );
  });

  it("has the notes of the earlier parts as they were when the wait ended", async () => {
    const uuid = did("tourist", "tour began");
    await sandbox.settled();
    const mark = (stepId: string, status: "seen" | "read") => {
      const { messages } = sandbox.novu.state;
      const note = messages.find((one) => one.subscriberId === "tourist" && one.stepId === stepId);
      sandbox.novu.mark(note?.id ?? "", status);
    };
    mark("start", "seen");
    // An event without the value, for a run without it.
    did("tourist", "step done");
    await sandbox.travel({ hours: 5 });
    expect(texts("tourist")).toEqual(["start"]);
    await sandbox.travel({ hours: 2 });
    mark("start", "read");
    mark("middle", "read");
    did("tourist", "tour ended");
    await sandbox.settled();
    expect(texts("tourist")).toEqual([
      "start",
      "first false, start true false",
      "first false, second true, start true, middle true true",
    ]);
    expect(await outcomesOf(uuid, "tour")).toEqual({ start: "sent", middle: "sent", end: "sent" });
    expect(sandbox.novu.state.runs.at(-1)?.transactionId).toBe(`${uuid}:tour#2`);
    // Novu's webhooks name the transaction of the part.
    const reports = sandbox.posthog.state.events.filter(({ event: name }) => name === "notification read");
    expect(reports.map(({ properties }) => [properties.transaction_id, properties.step])).toEqual([
      [`${uuid}:tour`, "start"],
      [`${uuid}:tour`, "middle"],
    ]);
  });

  it("ends with its run", async () => {
    const uuid = did("leaver", "cart filled", { cart_id: 1 });
    await sandbox.settled();
    did("leaver", "account closed");
    did("leaver", "cart bought", { cart_id: 1 });
    await sandbox.settled();
    await sandbox.travel({ days: 4 });
    expect(await outcomesOf(uuid)).toEqual({ filled: "sent", thanks: "exited", reminder: "exited" });
    expect(await stateOf("leaver")).toEqual(["exited"]);
    const after = did("leaver", "cart filled", { cart_id: 2 });
    did("leaver", "cart bought", { cart_id: 2 });
    await sandbox.settled();
    did("leaver", "account closed");
    await sandbox.travel({ hours: 2 });
    expect(await outcomesOf(after)).toEqual({ filled: "sent", thanks: "exited", reminder: "exited" });
  });

  it("does not hold up a test from Novu's dashboard", async () => {
    did("colleague", "$identify");
    await sandbox.settled();
    await byHand(sandbox, "tour", { subscriberId: "colleague" });
    expect(texts("colleague").at(-1)).toBe("first false, second false, start false, middle true false");
  });

  it("holds up a run that another system has triggered", async () => {
    sandbox.novu.settings.environment = "prod";
    did("imported", "$identify");
    await sandbox.settled();
    await byHand(sandbox, "tour", { subscriberId: "imported" });
    sandbox.novu.settings.environment = "dev";
    await sandbox.travel({ hours: 7 });
    did("imported", "tour ended");
    await sandbox.settled();
    expect(texts("imported")).toEqual([
      "start",
      "first false, start false false",
      "first false, second true, start false, middle true false",
    ]);
    expect(await stateOf("imported")).toEqual(["finished"]);
    await sandbox.travel({ hours: 2 });
    const all = await sandbox.app.store.decisions.list({ distinctId: "imported" });
    expect(all.map(({ receipt }) => receipt)).toEqual(["confirmed", "confirmed", "confirmed"]);
  });

  it("says in the record of the run what it waits for", async () => {
    did("asker", "cart filled", { cart_id: 7 });
    await sandbox.settled();
    const { jobs } = await sandbox.app.store.runs.history({ distinctId: "asker" });
    expect(jobs.map(({ kind }) => kind)).toContain("next part");
    expect((await sandbox.app.store.jobs.countByQueue()).find(({ queue }) => queue === "novu")?.waiting).toBe(0);
    did("asker", "cart bought", { cart_id: 7 });
    await sandbox.settled();
    const { exits } = await sandbox.app.store.runs.history({ distinctId: "asker", workflow: "cart" });
    expect(exits).toMatchObject([{ workflow: "cart", wait: "bought", eventName: "cart bought" }]);
    const { stdout } = await runCommand(sandbox, "why", ["--person", "asker"], {
      product: { ...testProduct, workflows: [cart, tour] },
    });
    expect(stdout).toContain("cart bought ends the wait bought of Cart.");
  });

  it("whatever comes in whatever order, however often: one of the two messages, once, after the first known event", async () => {
    const HOUR_MS = 60 * 60_000;
    /** Hours after the beginning: when an event happened, and how much later it arrives. */
    const times = { at: fc.constantFrom(-1, 0, 10, 30, 70, 80), late: fc.constantFrom(0, 0, 0, 5, 90) };
    const bought = fc.record({ name: fc.constant("cart bought"), cart: fc.constantFrom("mine", "other"), ...times });
    const closed = fc.record({ name: fc.constant("account closed"), cart: fc.constant("mine"), ...times });
    const scripts = fc.array(
      fc.record({
        startLate: fc.constantFrom(0, 0, 2, 20),
        others: fc.array(fc.oneof({ weight: 5, arbitrary: bought }, { weight: 1, arbitrary: closed }), {
          maxLength: 3,
        }),
        again: fc.array(fc.record({ which: fc.nat(3), after: fc.constantFrom(0, 5, 40, 100) }), { maxLength: 3 }),
      }),
      { minLength: 40, maxLength: 40 },
    );
    let round = 0;
    await fc.assert(
      fc.asyncProperty(scripts, async (people) => {
        round += 1;
        const begin = sandbox.clock.now();
        const plan = people.flatMap(({ startLate, others, again }, index) => {
          const person = `random-${round}-${index}`;
          const all = [{ name: "cart filled", cart: "mine", at: 0, late: startLate }, ...others];
          const first = all.map((one, number) => ({
            ...one,
            person,
            uuid: uuidOf(round, index, number),
            arrives: one.at + one.late,
          }));
          const repeated = again.flatMap(({ which, after }) => {
            const one = first[which];
            return one === undefined ? [] : [{ ...one, arrives: one.arrives + after }];
          });
          return [...first, ...repeated];
        });
        // An event before the beginning arrives at the beginning, in the order of the plan.
        const hours = [...new Set(plan.map(({ arrives }) => Math.max(0, arrives)))].sort((a, b) => a - b);
        for (const hour of hours) {
          const until = begin + hour * HOUR_MS;
          await sandbox.travel({ seconds: Math.max(0, (until - sandbox.clock.now()) / 1000) });
          for (const { person, uuid, name, cart, at } of plan.filter((one) => Math.max(0, one.arrives) === hour))
            did(
              person,
              name,
              { cart_id: `${person} ${cart}` },
              { uuid, timestamp: new Date(begin + at * HOUR_MS).toISOString() },
            );
          await sandbox.settled();
        }
        await sandbox.travel({ days: 4 });
        for (const [index, { startLate, others }] of people.entries()) {
          const uuid = uuidOf(round, index, 0);
          const arrivesOf = ({ at, late }: { at: number; late: number }) => Math.max(0, at + late);
          const counting = others.filter(({ at }) => at >= 0);
          const exits = counting.filter(({ name }) => name === "account closed").map(arrivesOf);
          const events = counting.filter(({ name, cart }) => name === "cart bought" && cart === "mine").map(arrivesOf);
          const endsAt = Math.min(startLate + 72, ...events.map((one) => Math.max(one, startLate)));
          const came = events.some((one) => one <= startLate + 72 && Math.max(one, startLate) === endsAt);
          const isOutBefore = (hour: number) => exits.some((one) => one <= hour);
          const outcomes = await outcomesOf(uuid);
          const script = { index, startLate, others, outcomes };
          if (exits.some((one) => Math.abs(one - startLate) < 1 || Math.abs(one - endsAt - 1) <= 1)) continue;
          if (events.some((one) => Math.abs(one - startLate - 72) <= 1)) continue;
          const last = isOutBefore(endsAt + 1) ? "exited" : "not needed";
          expect({ ...script, outcomes }).toEqual({
            ...script,
            outcomes: {
              filled: isOutBefore(startLate) ? "exited" : "sent",
              thanks: isOutBefore(endsAt + 1) ? "exited" : came ? "sent" : last,
              reminder: isOutBefore(endsAt + 1) ? "exited" : came ? last : "sent",
            },
          });
        }
        const sent = sandbox.novu.state.messages.filter(({ subscriberId }) =>
          subscriberId.startsWith(`random-${round}-`),
        );
        const keys = sent.map(({ subscriberId, stepId }) => `${subscriberId} ${stepId}`);
        expect(keys).toEqual([...new Set(keys)]);
      }),
      { numRuns: 1, endOnFailure: true },
    );
  }, 200_000);
});

function uuidOf(...numbers: number[]): string {
  return `00000000-0000-4000-8000-${numbers.map((one) => String(one).padStart(4, "0")).join("")}`;
}
