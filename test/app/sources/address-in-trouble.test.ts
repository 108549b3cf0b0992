import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { LifecycleDefinition } from "../../../src/engine/lifecycle.ts";
import { createLog } from "../../../src/lib/log.ts";
import type { FaultRule } from "../../../src/sandbox/fault-injection.ts";
import type { Sandbox } from "../../../src/sandbox/sandbox.ts";
import { campaign, decisions, happen, mail } from "../../support/campaign.ts";
import { testSandbox } from "../../support/sandbox.ts";
import { delivery, post } from "../../support/webhook.ts";

type Step = Parameters<LifecycleDefinition<z.ZodObject>["workflow"]>[0]["step"];

const text = (step: Step, id: string) => step.sms(id, () => ({ body: "An offer" }), { atAnyHour: true });
const AFTER_A_DAY = campaign({
  async workflow({ step }) {
    await step.wait("a-day", { days: 1 });
    await step.email("call", mail, { atAnyHour: true });
  },
});
/** An SMS goes to the number that Novu has, so it is sent only when Novu got the new one in time. */
const TEXTS = campaign({
  async workflow({ step }) {
    await text(step, "now");
    await step.wait("a-day", { days: 1 });
    await text(step, "later");
  },
});

const recipients = (sandbox: Sandbox) => sandbox.novu.state.messages.map(({ to }) => to);
const atNovu = (sandbox: Sandbox) => sandbox.novu.state.subscribers.ada;
const isChange: FaultRule = ({ method, path }) =>
  method !== "GET" && path.startsWith("/v2/subscribers") ? { status: 500 } : null;

describe("two runs of one person that begin at once", () => {
  const called = (uuid: string, email: string) => delivery({ event: "called", uuid, person: { email } });

  it("go to the present address, not to that of the event", async () => {
    await using sandbox = await testSandbox({ workflows: [campaign()] });
    happen(sandbox, "met", { email: "now@example.com" });
    await Promise.all([1, 2, 3].map((one) => post(sandbox.app.url, called(`u${one}`, `older-${one}@example.com`))));
    await sandbox.settled();
    expect(recipients(sandbox)).toEqual(Array(3).fill("now@example.com"));
  });

  it("leave Novu with the address of the later event when PostHog cannot be asked", async () => {
    await using sandbox = await testSandbox({ workflows: [AFTER_A_DAY] });
    sandbox.posthog.injectFault(({ path }) => (path.startsWith("/api/") ? "hang up" : null));
    await post(sandbox.app.url, called("u1", "first@example.com"));
    await post(sandbox.app.url, called("u2", "second@example.com"));
    await sandbox.settled();
    expect(atNovu(sandbox)?.email).toBe("second@example.com");
    await sandbox.travel({ days: 1, minutes: 1 });
    expect(recipients(sandbox)).toEqual(Array(2).fill("second@example.com"));
  });
});

describe("an address that changes back and forth around the end of a wait", () => {
  it.each([
    [["23:50:00 b", "23:59:30 a"], "a"],
    [["23:50:00 b", "23:58:00 a", "23:59:30 b"], "b"],
    [["23:59:10 b", "23:59:20 a"], "a"],
    [["23:59:10 b", "23:59:20 a", "23:59:58 b"], "b"],
    [["23:59:00 b", "23:59:40 -", "23:59:50 a"], "a"],
    [["12:00:00 b", "23:59:58 a"], "a"],
    [["12:00:00 -", "23:58:00 a", "23:59:58 b"], "b"],
  ])("is the last one: %j", async (changes, last) => {
    await using sandbox = await testSandbox({ workflows: [AFTER_A_DAY] });
    happen(sandbox, "called", { email: "a@example.com" });
    const startedAt = sandbox.clock.now();
    for (const change of changes) {
      const [time = "", address] = change.split(" ");
      const [hours = 0, minutes = 0, seconds = 0] = time.split(":").map(Number);
      const atMs = startedAt + ((hours * 60 + minutes) * 60 + seconds) * 1000;
      await sandbox.travel({ seconds: (atMs - sandbox.clock.now()) / 1000 });
      sandbox.posthog.setPerson("ada", { email: address === "-" ? undefined : `${address}@example.com` });
    }
    await sandbox.travel({ hours: 1 });
    expect(recipients(sandbox)).toEqual([`${last}@example.com`]);
    expect(atNovu(sandbox)?.email).toBe(`${last}@example.com`);
  });
});

describe("a refresh", () => {
  it("finds the address that could not be read when the run began", async () => {
    await using sandbox = await testSandbox({ workflows: [TEXTS] });
    happen(sandbox, "met", { phone: "+49 151 2" });
    sandbox.posthog.injectFault(() => "hang up");
    await post(sandbox.app.url, delivery({ event: "called", person: { phone: "+49 151 1" } }));
    await sandbox.settled();
    sandbox.posthog.injectFault(null);
    await sandbox.travel({ days: 2 });
    expect(recipients(sandbox)).toEqual(["+49 151 1", "+49 151 2"]);
  });

  it("is made after a restart during the wait", async () => {
    await using sandbox = await testSandbox({ workflows: [TEXTS] });
    happen(sandbox, "called", { phone: "+49 151 1" });
    await sandbox.travel({ hours: 12 });
    sandbox.posthog.setPerson("ada", { phone: "+49 151 2" });
    await sandbox.restartApp();
    await sandbox.travel({ days: 2 });
    expect(recipients(sandbox)).toEqual(["+49 151 1", "+49 151 2"]);
  });

  it("is given up an hour after its message when PostHog cannot be asked for so long", { tags: ["long"] }, async () => {
    await using sandbox = await testSandbox({ workflows: [TEXTS] });
    happen(sandbox, "called", { phone: "+49 151 1" });
    await sandbox.travel({ hours: 23 });
    sandbox.posthog.injectFault(({ path }) => (path.startsWith("/api/") ? { status: 403 } : null));
    const waiting = async () =>
      (await sandbox.app.store.people.listRecords("ada")).jobs
        .map(({ queue }) => queue)
        .filter((queue) => queue !== "receipts");
    await sandbox.travel({ minutes: 119 });
    expect(await waiting()).toEqual(["persons"]);
    await sandbox.travel({ minutes: 2 });
    expect(await waiting()).toEqual([]);
  });

  it.each([429, 503])("is made again when Novu answers %i", async (status) => {
    await using sandbox = await testSandbox({ workflows: [TEXTS] });
    happen(sandbox, "called", { phone: "+49 151 1" });
    await sandbox.travel({ hours: 12 });
    sandbox.posthog.setPerson("ada", { phone: "+49 151 2" });
    let asked = 0;
    sandbox.novu.injectFault((request) => (isChange(request) && ++asked <= 2 ? { status } : null));
    await sandbox.travel({ days: 2 });
    expect(recipients(sandbox)).toEqual(["+49 151 1", "+49 151 2"]);
    expect(await sandbox.app.store.jobs.count()).toEqual({ waiting: 0, dead: 0 });
  });

  it("that Novu refuses delays no email, and its address is in no log", async () => {
    const lines: string[] = [];
    const log = createLog({ level: "trace", destination: { write: (line) => lines.push(line) } });
    await using sandbox = await testSandbox({ workflows: [AFTER_A_DAY], log });
    happen(sandbox, "called");
    await sandbox.travel({ hours: 12 });
    sandbox.posthog.setPerson("ada", { email: "new@example.com" });
    const body = { statusCode: 422, message: "new@example.com is no email" };
    sandbox.novu.injectFault((request) => (isChange(request) ? { status: 422, body } : null));
    await sandbox.travel({ days: 2 });
    expect(recipients(sandbox)).toEqual(["new@example.com"]);
    const dead = await sandbox.app.store.jobs.listDead({ limit: 10 });
    expect(dead.map(({ queue }) => queue)).toContain("persons");
    expect(JSON.stringify([dead, lines])).not.toContain("new@");
    sandbox.novu.injectFault(null);
    await sandbox.app.store.jobs.redrive("all");
    await sandbox.restartApp();
    await sandbox.travel({ minutes: 1 });
    expect(atNovu(sandbox)?.email).toBe("new@example.com");
  });

  it("makes a subscriber that was deleted at Novu when the person has changed", async () => {
    await using sandbox = await testSandbox({ workflows: [TEXTS] });
    happen(sandbox, "called", { phone: "+49 151 1" });
    await sandbox.travel({ hours: 12 });
    delete sandbox.novu.state.subscribers.ada;
    sandbox.posthog.setPerson("ada", { phone: "+49 151 2" });
    await sandbox.travel({ days: 2 });
    expect(recipients(sandbox)).toEqual(["+49 151 1", "+49 151 2"]);
  });
});

describe("a step that has seen another number at Novu", () => {
  const TWICE = campaign({
    async workflow({ step }) {
      await step.wait("a-day", { days: 1 });
      await text(step, "first");
      await step.wait("another-day", { days: 1 });
      await text(step, "second");
    },
  });

  /** Novu gets a change only after the first message, which a change in the last seconds has delayed. */
  async function lateChange(sandbox: Sandbox): Promise<void> {
    happen(sandbox, "called", { phone: "+49 151 1" });
    await sandbox.travel({ hours: 23, minutes: 59, seconds: 30 });
    sandbox.posthog.setPerson("ada", { phone: "+49 151 2" });
  }

  it("is sent to Novu although it does not answer at first, and the next wait has begun", async () => {
    await using sandbox = await testSandbox({ workflows: [TWICE] });
    await lateChange(sandbox);
    let asked = 0;
    sandbox.novu.injectFault((request) => (isChange(request) && ++asked === 1 ? { status: 503 } : null));
    await sandbox.travel({ hours: 1 });
    expect(atNovu(sandbox)?.phone).toBe("+49 151 2");
  });

  it("does not remove the refresh before the next message while it is sent", async () => {
    await using sandbox = await testSandbox({ workflows: [TWICE] });
    await lateChange(sandbox);
    sandbox.novu.injectFault((request) => (isChange(request) ? { delayMs: 300 } : null));
    await sandbox.travel({ hours: 12 });
    sandbox.posthog.setPerson("ada", { phone: "+49 151 3" });
    await sandbox.travel({ days: 1 });
    expect(recipients(sandbox)).toEqual(["+49 151 3"]);
    expect(await decisions(sandbox)).toEqual([
      ["first", "skipped", "address changed", null],
      ["second", "sent", null, null],
    ]);
  });

  it("has it corrected where a colleague has changed it there", async () => {
    await using sandbox = await testSandbox({ workflows: [TWICE] });
    happen(sandbox, "called", { phone: "+49 151 1" });
    await sandbox.travel({ hours: 12 });
    Object.assign(atNovu(sandbox) ?? {}, { phone: "+49 151 9" });
    await sandbox.travel({ days: 2 });
    expect(recipients(sandbox)).toEqual(["+49 151 1"]);
  });
});

describe("a person who is forgotten here during a wait", () => {
  const TWICE = campaign({
    async workflow({ step }) {
      await step.wait("a-day", { days: 1 });
      await step.email("first", mail, { atAnyHour: true });
      await step.wait("another-day", { days: 1 });
      await step.email("second", mail, { atAnyHour: true });
    },
  });
  const kept = async (sandbox: Sandbox) => {
    const { profiles, jobs, runs } = await sandbox.app.store.people.listRecords("ada");
    return { profiles, jobs, runs, next: await sandbox.app.store.jobs.nextDueAt("persons") };
  };
  const NOTHING = { profiles: [], jobs: [], runs: [], next: null };

  it.each<[string, FaultRule]>([
    ["while it waits", () => null],
    ["while PostHog is read", ({ path }) => (path.startsWith("/api/") ? { delayMs: 200 } : null)],
    ["while Novu is told", (request) => (isChange(request) ? { delayMs: 200 } : null)],
  ])("does not come back by the refresh: %s", async (when, fault) => {
    await using sandbox = await testSandbox({ workflows: [TWICE] });
    happen(sandbox, "called");
    await sandbox.travel({ hours: 12 });
    sandbox.posthog.setPerson("ada", { email: "new@example.com" });
    let forgotten: Promise<unknown> | undefined;
    const forget = () => {
      forgotten ??= sandbox.app.store.people.delete("ada");
    };
    if (when === "while it waits") forget();
    for (const service of [sandbox.posthog, sandbox.novu])
      service.injectFault((request) => {
        const trouble = fault(request);
        if (trouble !== null) forget();
        return trouble;
      });
    await sandbox.travel({ hours: 11, minutes: 59, seconds: 30 });
    expect(forgotten).toBeDefined();
    expect(await kept(sandbox)).toEqual(NOTHING);
    // Their run at Novu continues, because Novu was not cancelled.
    await sandbox.travel({ hours: 12 });
    expect(await kept(sandbox)).toEqual(NOTHING);
    await sandbox.travel({ days: 2 });
    expect(await kept(sandbox)).toEqual(NOTHING);
  });
});

it("a person who is deleted here while they are read for a trigger is not sent to Novu", async () => {
  await using sandbox = await testSandbox({ workflows: [AFTER_A_DAY] });
  sandbox.posthog.injectFault(({ path }) => {
    if (!path.startsWith("/api/")) return null;
    void sandbox.app.store.people.delete("ada");
    return { delayMs: 200 };
  });
  happen(sandbox, "called");
  await sandbox.travel({ minutes: 1 });
  expect(sandbox.novu.triggers).toEqual([]);
  expect(Object.values(await sandbox.app.store.people.listRecords("ada")).flat()).toEqual([]);
});

it("nothing is sent or reported for a person who is deleted at PostHog during a wait", async () => {
  await using sandbox = await testSandbox({ workflows: [AFTER_A_DAY] });
  happen(sandbox, "called");
  await sandbox.travel({ hours: 12 });
  sandbox.posthog.deletePerson("ada");
  const tells: string[] = [];
  sandbox.novu.injectFault(({ method, path }) => {
    if (path.startsWith("/v2/")) tells.push(`${method} ${path}`);
    return null;
  });
  await sandbox.travel({ days: 2 });
  expect(await decisions(sandbox)).toEqual([["call", "skipped", "person not found", null]]);
  expect([recipients(sandbox), tells]).toEqual([[], []]);
});

describe("a person of Segment", () => {
  const identify = (phone: string, timestamp?: string) =>
    ({ type: "identify", userId: "ada", traits: { phone }, ...(timestamp && { timestamp }) }) as const;
  const called = { type: "track", event: "called", userId: "ada" } as const;

  it.each([
    ["with PostHog", {}],
    ["without", { withoutPostHog: true }],
  ])("is sent a message at the number that their profile has now, %s", async (_name, options) => {
    await using sandbox = await testSandbox({ workflows: [TEXTS], ...options });
    sandbox.segment.sendBatch([identify("+49 151 1"), called]);
    await sandbox.travel({ hours: 12 });
    sandbox.segment.setTraits("ada", { phone: "+49 151 2" });
    await sandbox.travel({ days: 2 });
    expect(recipients(sandbox)).toEqual(["+49 151 1", "+49 151 2"]);
    expect(atNovu(sandbox)?.phone).toBe("+49 151 2");
  });

  it.each([
    ["with PostHog", { withoutProfiles: true }],
    ["without", { withoutProfiles: true, withoutPostHog: true }],
  ])("is sent it at the number that an identify has brought meanwhile, %s", async (_name, options) => {
    await using sandbox = await testSandbox({ workflows: [TEXTS], ...options });
    sandbox.segment.sendBatch([identify("+49 151 1"), called]);
    await sandbox.travel({ hours: 12 });
    sandbox.segment.send(identify("+49 151 2"));
    await sandbox.travel({ days: 2 });
    expect(recipients(sandbox)).toEqual(["+49 151 1", "+49 151 2"]);
  });

  it("is sent it there also when that identify comes after the refresh, hours late", async () => {
    await using sandbox = await testSandbox({ workflows: [TEXTS], withoutProfiles: true, withoutPostHog: true });
    sandbox.segment.sendBatch([identify("+49 151 1"), called]);
    await sandbox.travel({ hours: 23, minutes: 59, seconds: 30 });
    sandbox.segment.send(identify("+49 151 2", "2026-03-02T20:00:00.000Z"));
    await sandbox.travel({ days: 1 });
    expect(recipients(sandbox)).toEqual(["+49 151 1", "+49 151 2"]);
  });

  it("is sent nothing at a number that was removed", async () => {
    for (const withoutProfiles of [false, true]) {
      await using sandbox = await testSandbox({ workflows: [TEXTS], withoutProfiles });
      sandbox.segment.sendBatch([identify("+49 151 1"), called]);
      await sandbox.travel({ hours: 12 });
      if (withoutProfiles) sandbox.segment.send({ ...identify(""), traits: { phone: null } });
      else sandbox.segment.setTraits("ada", { phone: undefined });
      await sandbox.travel({ days: 2 });
      expect(recipients(sandbox)).toEqual(["+49 151 1"]);
      expect(atNovu(sandbox)?.phone).toBeNull();
    }
  });
});

describe("a wait of another kind", () => {
  const until = { type: "dynamic", dynamicKey: "payload.until" } as const;
  const until2 = { type: "dynamic", dynamicKey: "payload.a.little" } as const;
  const payload = z.object({
    until: z.string(),
    a: z.object({ little: z.object({ amount: z.number(), unit: z.string() }) }),
  });
  const from = () => ({ until: "2026-03-03T09:00:00Z", a: { little: { amount: 24, unit: "hours" } } });

  it.each<[string, (step: Step) => Promise<unknown>]>([
    ["a digest", (step) => step.digest("wait", { days: 1 })],
    ["a delay", (step) => step.delay("wait", async () => ({ type: "regular", amount: 24, unit: "hours" }))],
    ["a delay until a time in the payload", (step) => step.delay("wait", async () => until)],
    ["a delay that the payload has the length of", (step) => step.delay("wait", async () => until2)],
  ])("ends with the number of then: %s", async (_name, wait) => {
    const workflow = campaign({
      payload,
      from,
      async workflow({ step }) {
        await wait(step as Step);
        await text(step as Step, "text");
      },
    });
    await using sandbox = await testSandbox({ workflows: [workflow] });
    happen(sandbox, "called", { phone: "+49 151 1" });
    await sandbox.travel({ hours: 12 });
    sandbox.posthog.setPerson("ada", { phone: "+49 151 2" });
    await sandbox.travel({ days: 1 });
    expect(await decisions(sandbox)).toEqual([["text", "sent", null, null]]);
    expect(recipients(sandbox)).toEqual(["+49 151 2"]);
  });
});
