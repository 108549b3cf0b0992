import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { createLog } from "../../src/lib/log.ts";
import { oneEmail } from "../support/product/one-email.tsx";
import { eventually, testSandbox } from "../support/sandbox.ts";
import { delivery, post } from "../support/webhook.ts";

const checkout = { checkout_url: "https://app.acme.example/checkout?a=1&b=2", cart_value: 80 };
const ada = { email: "ada@example.com", name: "Ada Lovelace" };

/** So many seconds into the story. */
const iso = (seconds: number) => new Date(Date.parse("2026-03-02T09:00:00.000Z") + seconds * 1000).toISOString();

describe("the road from an event to a message", () => {
  it("ends in a rendered email to the person, and in a report at PostHog", async () => {
    await using sandbox = await testSandbox();
    sandbox.posthog.capture({
      event: "user_signed_up",
      distinctId: "ada",
      properties: { $set: { ...ada, phone: "+491234", $timezone: "Europe/Berlin" } },
    });
    await sandbox.settled();

    const [email] = sandbox.novu.state.messages;
    expect(email).toMatchObject({ channel: "email", to: "ada@example.com", subscriberId: "ada" });
    expect(email?.content.subject).toBe("Welcome to Testwerk");
    expect(email?.content.body).toMatch(/^<!DOCTYPE html>.*Hi Ada,/s);
    expect(sandbox.novu.state.subscribers.ada).toEqual({
      subscriberId: "ada",
      email: "ada@example.com",
      firstName: "Ada",
      lastName: "Lovelace",
      phone: "+491234",
      timezone: "Europe/Berlin",
    });

    await sandbox.travel({ minutes: 1 });
    const reports = sandbox.posthog.state.events.filter(({ event }) => event === "notification sent");
    expect(reports.map(({ distinctId, properties }) => [distinctId, properties.step])).toEqual([
      ["ada", "welcome"],
      ["ada", "welcome-note"],
    ]);
  });

  it("renders with the person as of the moment of sending", async () => {
    await using sandbox = await testSandbox();
    sandbox.posthog.capture({ event: "user_signed_up", distinctId: "ada", properties: { $set: ada } });
    await sandbox.travel({ days: 1 });
    sandbox.posthog.setPerson("ada", { name: "Countess Lovelace", onboarding_step: "invite_team" });
    await sandbox.travel({ days: 1 });

    const nudge = sandbox.novu.state.messages.find(({ stepId }) => stepId === "setup-nudge");
    expect(nudge?.content.subject).toBe("Next: invite your team");
    expect(nudge?.content.body).toContain("Hi Countess,");
  });

  it("keeps a link's parameters as they are", async () => {
    await using sandbox = await testSandbox({ workflows: [oneEmail] });
    sandbox.posthog.capture({ event: "checkout_started", distinctId: "ada", properties: { ...checkout, $set: ada } });
    await sandbox.travel({ days: 1 });
    // In HTML, & in an attribute is &amp; once; twice would break the link.
    expect(sandbox.novu.state.messages[0]?.content.body).toContain(
      'href="https://app.acme.example/checkout?a=1&amp;b=2"',
    );
  });

  it("finishes days later the event that it answered with 202", async () => {
    await using sandbox = await testSandbox({ workflows: [oneEmail] });
    const checkout_url = "https://app.acme.example/straße/größe?q=ü";
    sandbox.posthog.capture({ event: "checkout_started", distinctId: "ada", properties: { checkout_url, $set: ada } });
    await sandbox.travel({ days: 1 });
    expect(sandbox.novu.state.messages[0]?.content.body).toContain(checkout_url);
  });

  it.each(["pro", "team"] as const)("takes the same time on the %s plan, with fewer steps", async (plan) => {
    await using sandbox = await testSandbox({ plan });
    sandbox.posthog.capture({ event: "user_signed_up", distinctId: "ada", properties: { $set: ada } });
    await sandbox.travel({ days: 14 });
    const days = sandbox.novu.state.messages.map(
      ({ sentAt }) => (sentAt - sandbox.novu.state.messages[0]!.sentAt) / 86_400_000,
    );
    expect(days).toEqual([0, 0, 2, 5, 10]);
    expect(sandbox.novu.state.runs[0]?.jobs).toHaveLength(11);
  });
});

describe("the same event told again", () => {
  it("makes one run of 50 webhooks at once", async () => {
    await using sandbox = await testSandbox();
    const body = delivery();
    const answers = await Promise.all(Array.from({ length: 50 }, () => post(sandbox.app.url, body)));
    await sandbox.settled();

    expect(answers.map(({ status }) => status)).toEqual(Array(50).fill(202));
    const outcomes = await Promise.all(answers.map(async (answer) => Object.keys((await answer.json()) as object)[0]));
    expect(outcomes.sort()).toEqual(["accepted", ...Array(49).fill("duplicate")]);
    expect(sandbox.novu.triggers).toHaveLength(1);
  });

  it("makes none days later either, nor after a restart", async () => {
    await using sandbox = await testSandbox();
    const uuid = sandbox.posthog.capture({ event: "user_signed_up", distinctId: "ada", properties: { $set: ada } });
    await sandbox.travel({ days: 3 });
    await sandbox.restartApp();
    sandbox.posthog.resend(uuid);
    await sandbox.settled();
    expect(sandbox.posthog.state.deliveries.at(-1)?.attempts[0]?.answer).toContain("duplicate");
    expect(sandbox.novu.triggers).toHaveLength(1);
  });
});

describe("a person who has left", () => {
  it("is sent nothing, whichever of two events comes first", async () => {
    await using sandbox = await testSandbox({ workflows: [oneEmail] });
    const at = (minutes: number) => new Date(sandbox.clock.now() + minutes * 60_000).toISOString();
    await post(sandbox.app.url, delivery({ event: "checkout_completed", timestamp: at(5) }));
    await sandbox.settled();
    await post(sandbox.app.url, delivery({ event: "checkout_started", timestamp: at(0), properties: checkout }));
    await sandbox.travel({ days: 2 });

    // Not even begun: every step at Novu is billed.
    expect(sandbox.novu.triggers).toEqual([]);
    expect(sandbox.novu.state.messages).toEqual([]);
    expect(await sandbox.app.store.decisions.list()).toMatchObject([
      { step: "recovery", outcome: "skipped", reason: "exited", detail: "checkout_completed" },
    ]);
  });

  it("is sent nothing even when Novu could not be told to cancel", async () => {
    await using sandbox = await testSandbox({ workflows: [oneEmail] });
    sandbox.posthog.capture({ event: "checkout_started", distinctId: "ada", properties: { ...checkout, $set: ada } });
    await sandbox.travel({ hours: 23 });
    sandbox.novu.injectFault(({ method }) => (method === "DELETE" ? { status: 400 } : null));
    sandbox.posthog.capture({ event: "checkout_completed", distinctId: "ada" });
    await sandbox.travel({ hours: 2 });

    expect(sandbox.novu.state.messages).toEqual([]);
    expect(await sandbox.app.store.decisions.list()).toMatchObject([
      { reason: "exited", detail: "checkout_completed" },
    ]);
  });

  it("leaves no run behind at Novu, when the exit comes during the trigger and the cancel fails", async () => {
    await using sandbox = await testSandbox({ workflows: [oneEmail] });
    let cancels = 0;
    sandbox.novu.injectFault(({ method, path }) => {
      if (method === "DELETE") return ++cancels === 2 ? { status: 500 } : null;
      return path === "/v1/events/trigger" ? { delayMs: 300 } : null;
    });
    await post(sandbox.app.url, delivery({ event: "checkout_started", properties: checkout, timestamp: iso(0) }));
    await eventually(async () => (await sandbox.app.store.jobs.count()).waiting === 1);
    await post(sandbox.app.url, delivery({ event: "checkout_completed", timestamp: iso(1) }));
    await sandbox.travel({ minutes: 1 });

    expect(sandbox.novu.triggers).toHaveLength(1);
    expect(sandbox.novu.state.runs[0]?.jobs.map(({ status }) => status)).toEqual(["canceled", "canceled", "canceled"]);
    expect(await sandbox.app.store.jobs.count()).toEqual({ waiting: 0, dead: 0 });
  });

  it("is cancelled once, however often they leave", async () => {
    await using sandbox = await testSandbox({ workflows: [oneEmail] });
    let cancels = 0;
    sandbox.novu.injectFault(({ method }) => {
      if (method === "DELETE") cancels += 1;
      return null;
    });
    sandbox.posthog.capture({ event: "checkout_started", distinctId: "ada", properties: { ...checkout, $set: ada } });
    for (let hour = 0; hour < 3; hour += 1) {
      await sandbox.travel({ hours: 1 });
      sandbox.posthog.capture({ event: "checkout_completed", distinctId: "ada" });
    }
    await sandbox.travel({ days: 2 });
    expect(cancels).toBe(1);
  });

  it("may come back: an exit before the start does not count", async () => {
    await using sandbox = await testSandbox({ workflows: [oneEmail] });
    sandbox.posthog.capture({ event: "checkout_completed", distinctId: "ada", properties: { $set: ada } });
    await sandbox.travel({ hours: 1 });
    sandbox.posthog.capture({ event: "checkout_started", distinctId: "ada", properties: checkout });
    await sandbox.travel({ days: 2 });
    expect(sandbox.novu.state.messages).toHaveLength(1);
  });
});

describe("a message not sent has one reason", () => {
  it("unreachable, when Novu has no address although PostHog has one by now, and cannot be told", async () => {
    await using sandbox = await testSandbox({ workflows: [oneEmail] });
    sandbox.novu.injectFault(({ method }) => (method === "PATCH" ? { status: 422 } : null));
    sandbox.posthog.capture({
      event: "checkout_started",
      distinctId: "ada",
      properties: { ...checkout, $set: { name: "Ada" } },
    });
    await sandbox.travel({ minutes: 2 });
    sandbox.posthog.setPerson("ada", { email: "ada@example.com" });
    await sandbox.travel({ days: 2 });
    expect(sandbox.novu.state.runs[0]?.jobs.map(({ status }) => status)).toEqual(["completed", "skipped", "canceled"]);
    expect(await sandbox.app.store.decisions.list()).toMatchObject([
      { reason: "unreachable", detail: "Novu has no email address" },
    ]);
  });

  it("too late", async () => {
    await using sandbox = await testSandbox();
    const hoursAgo = (hours: number) => new Date(sandbox.clock.now() - hours * 3_600_000).toISOString();
    sandbox.posthog.capture({
      event: "user_signed_up",
      distinctId: "ada",
      timestamp: hoursAgo(25),
      properties: { $set: ada },
    });
    sandbox.posthog.capture({
      event: "user_signed_up",
      distinctId: "grace",
      timestamp: hoursAgo(23),
      properties: { $set: ada },
    });
    await sandbox.settled();
    expect(sandbox.novu.triggers).toHaveLength(1);
    const decisions = await sandbox.app.store.decisions.list({ distinctId: "ada" });
    expect(decisions.map(({ step, outcome, reason }) => [step, outcome, reason])).toEqual(
      ["welcome", "welcome-note", "setup-nudge", "feature-spotlight", "check-in"].map((step) => [
        step,
        "skipped",
        "too late",
      ]),
    );
  });

  it("too late, when Novu was down for so long", async () => {
    await using sandbox = await testSandbox();
    sandbox.novu.injectFault(() => ({ status: 503, headers: { "retry-after": "3600" } }));
    sandbox.posthog.capture({ event: "user_signed_up", distinctId: "ada", properties: { $set: ada } });
    await sandbox.travel({ hours: 25 });
    sandbox.novu.injectFault(null);
    await sandbox.travel({ hours: 2 });
    expect(sandbox.novu.triggers).toEqual([]);
    expect((await sandbox.app.store.decisions.list()).map(({ reason }) => reason)).toEqual(Array(5).fill("too late"));
  });

  it.each([
    { reason: "not needed", detail: "has bought since", change: { last_purchase_at: "2026-03-02T20:00:00Z" } },
    { reason: "unreachable", detail: "no email address", change: { email: null } },
  ])("$reason", async ({ reason, detail, change }) => {
    await using sandbox = await testSandbox({ workflows: [oneEmail] });
    sandbox.posthog.capture({ event: "checkout_started", distinctId: "ada", properties: { ...checkout, $set: ada } });
    await sandbox.travel({ hours: 12 });
    sandbox.posthog.setPerson("ada", change);
    await sandbox.travel({ days: 2 });
    expect(sandbox.novu.state.messages).toEqual([]);
    expect(await sandbox.app.store.decisions.list()).toMatchObject([
      { outcome: "skipped", reason, detail, personSource: "posthog" },
    ]);
  });

  it("person not found", async () => {
    await using sandbox = await testSandbox({ workflows: [oneEmail] });
    sandbox.posthog.capture({ event: "checkout_started", distinctId: "ada", properties: { ...checkout, $set: ada } });
    await sandbox.settled();
    sandbox.posthog.deletePerson("ada");
    await sandbox.travel({ days: 2 });
    expect(sandbox.novu.state.messages).toEqual([]);
    expect(await sandbox.app.store.decisions.list()).toMatchObject([
      { outcome: "skipped", reason: "person not found" },
    ]);
    // The report of it must not bring the person back.
    expect(sandbox.posthog.state.events.at(-1)?.event).toBe("notification skipped");
    expect(sandbox.posthog.state.persons).toEqual([]);
  });
});

describe("when PostHog cannot be asked", () => {
  it.each([
    { trouble: "off", answer: "hang up" as const },
    { trouble: "failing", answer: { status: 500 } },
    { trouble: "limiting", answer: { status: 429, headers: { "retry-after": "60" } } },
  ])("a due email goes out from the snapshot, marked so ($trouble)", async ({ answer }) => {
    const lines: string[] = [];
    const log = createLog({ level: "warn", destination: { write: (line) => void lines.push(line) } });
    await using sandbox = await testSandbox({ workflows: [oneEmail], log });
    sandbox.posthog.capture({ event: "checkout_started", distinctId: "ada", properties: { ...checkout, $set: ada } });
    await sandbox.settled();
    sandbox.posthog.injectFault(() => answer);
    await sandbox.travel({ days: 1 });

    expect(sandbox.novu.state.messages[0]?.content.body).toContain("Hi Ada,");
    expect(await sandbox.app.store.decisions.list()).toMatchObject([{ outcome: "sent", personSource: "snapshot" }]);
    expect(lines.map((line) => JSON.parse(line))).toContainEqual(
      expect.objectContaining({
        component: "engine",
        transactionId: expect.stringContaining(":drop-off"),
        personSource: "snapshot",
      }),
    );
  });

  it("no bridge call takes more than 4 s while it is slow", { tags: ["long"] }, async () => {
    await using sandbox = await testSandbox();
    sandbox.posthog.injectFault(({ path }) => (path.startsWith("/api") ? { delayMs: 10_000 } : null));
    for (const person of ["ada", "grace", "linus"])
      sandbox.posthog.capture({
        event: "user_signed_up",
        distinctId: person,
        properties: { $set: { ...ada, email: `${person}@example.com` } },
      });
    await sandbox.settled();

    expect(sandbox.novu.state.messages.filter(({ channel }) => channel === "email")).toHaveLength(3);
    expect(sandbox.novu.bridgeCalls.map(({ status }) => status).every((status) => status === 200)).toBe(true);
    expect(Math.max(...sandbox.novu.bridgeCalls.map(({ ms }) => ms))).toBeLessThan(4_000);
  });

  it("loses no report: it arrives once PostHog is back", async () => {
    await using sandbox = await testSandbox();
    sandbox.posthog.injectFault(({ path }) => (path.startsWith("/batch") ? { status: 503 } : null));
    sandbox.posthog.capture({ event: "user_signed_up", distinctId: "ada", properties: { $set: ada } });
    await sandbox.travel({ minutes: 2 });
    sandbox.posthog.injectFault(null);
    await sandbox.travel({ minutes: 2 });
    const reports = sandbox.posthog.state.events.filter(({ event }) => event.startsWith("notification"));
    expect(reports.map(({ event, properties }) => [event, properties.step]).sort()).toEqual([
      ["notification sent", "welcome"],
      ["notification sent", "welcome-note"],
      ["notification triggered", null],
    ]);
  });
});

describe("when Novu is down", () => {
  it("keeps what is to be done, and does it once Novu is back", { tags: ["long"] }, async () => {
    await using sandbox = await testSandbox();
    sandbox.novu.injectFault(() => "hang up");
    const people = Array.from({ length: 20 }, (_, index) => `person-${index}`);
    await Promise.all(people.map((distinctId) => post(sandbox.app.url, delivery({ distinctId, uuid: randomUUID() }))));
    await sandbox.travel({ minutes: 5 });
    expect(sandbox.novu.triggers).toEqual([]);

    sandbox.novu.injectFault(null);
    await sandbox.travel({ minutes: 10 });
    expect(new Set(sandbox.novu.triggers.map(({ transactionId }) => transactionId)).size).toBe(20);
    expect(sandbox.novu.triggers).toHaveLength(20);
  });

  it("waits as long as a rate limit asks for", async () => {
    await using sandbox = await testSandbox();
    let asked = 0;
    sandbox.novu.injectFault(({ path }) =>
      path === "/v1/events/trigger" && ++asked === 1 ? { status: 429, headers: { "retry-after": "30" } } : null,
    );
    sandbox.posthog.capture({ event: "user_signed_up", distinctId: "ada", properties: { $set: ada } });
    await sandbox.travel({ seconds: 29 });
    expect(asked).toBe(1);
    await sandbox.travel({ seconds: 1 });
    expect(sandbox.novu.triggers).toHaveLength(1);
  });

  it.each([
    ["a page instead of an answer", { status: 200, body: "<html>welcome</html>" }],
    ["an empty answer", { status: 204 }],
    ["an answer of another kind", { status: 201, body: { ok: true } }],
  ])("does not take %s for a yes", async (_name, answer) => {
    await using sandbox = await testSandbox();
    sandbox.novu.injectFault(({ path }) => (path === "/v1/events/trigger" ? answer : null));
    sandbox.posthog.capture({ event: "user_signed_up", distinctId: "ada", properties: { $set: ada } });
    await sandbox.travel({ minutes: 1 });
    expect(sandbox.novu.triggers).toEqual([]);
    sandbox.novu.injectFault(null);
    await sandbox.travel({ seconds: 5 });
    expect(sandbox.novu.triggers).toHaveLength(1);
  });

  it("is not held up by a PostHog that hangs", { tags: ["long"] }, async () => {
    await using sandbox = await testSandbox();
    sandbox.posthog.injectFault(({ path }) => (path.startsWith("/batch") ? { delayMs: 60_000 } : null));
    const people = Array.from({ length: 20 }, (_, index) => `person-${index}`);
    for (const distinctId of people) {
      sandbox.posthog.capture({
        event: "user_signed_up",
        distinctId,
        properties: { $set: { ...ada, email: `${distinctId}@example.com` } },
      });
    }
    await eventually(() => sandbox.novu.state.messages.length === 2 * people.length);
  });

  it("says what is unknown about a trigger that it cannot read", async () => {
    await using sandbox = await testSandbox();
    const body = { data: { acknowledged: true, status: "something_new", transactionId: "t" } };
    sandbox.novu.injectFault(({ path }) => (path === "/v1/events/trigger" ? { status: 201, body } : null));
    sandbox.posthog.capture({ event: "user_signed_up", distinctId: "ada", properties: { $set: ada } });
    await sandbox.settled();
    expect(await sandbox.app.store.jobs.listDead({ limit: 1 })).toMatchObject([
      { error: 'Novu did not start "onboarding": something_new' },
    ]);
  });

  it("gets through although Novu remembers an error by the idempotency key", async () => {
    await using sandbox = await testSandbox();
    const { workflows } = sandbox.novu.state;
    sandbox.novu.state.workflows = [];
    sandbox.posthog.capture({ event: "user_signed_up", distinctId: "ada", properties: { $set: ada } });
    await sandbox.settled();
    sandbox.novu.state.workflows = workflows;
    await sandbox.travel({ minutes: 1 });
    expect(sandbox.novu.triggers).toHaveLength(1);
  });

  it("does not wait for ever for an answer", { tags: ["long"] }, async () => {
    await using sandbox = await testSandbox();
    let asked = 0;
    sandbox.novu.injectFault(({ path }) =>
      path === "/v1/events/trigger" && ++asked === 1 ? { delayMs: 60_000, status: 500 } : null,
    );
    sandbox.posthog.capture({ event: "user_signed_up", distinctId: "ada", properties: { $set: ada } });
    await sandbox.travel({ seconds: 5 });
    expect(sandbox.novu.triggers).toHaveLength(1);
  });

  it("keeps the idempotency key after silence, which may have been a yes", async () => {
    await using sandbox = await testSandbox();
    let asked = 0;
    sandbox.novu.injectFault(({ path }) => (path === "/v1/events/trigger" && ++asked === 1 ? "hang up" : null));
    sandbox.posthog.capture({ event: "user_signed_up", distinctId: "ada", properties: { $set: ada } });
    await sandbox.travel({ seconds: 2 });
    expect(sandbox.novu.triggers).toMatchObject([{ idempotencyKey: sandbox.novu.state.runs[0]?.transactionId }]);
  });

  it("gives up what Novu refuses for good, so that a human can redrive it", async () => {
    await using sandbox = await testSandbox();
    sandbox.novu.injectFault(({ path }) =>
      path === "/v1/events/trigger" ? { status: 400, body: { statusCode: 400, message: "bad things" } } : null,
    );
    sandbox.posthog.capture({ event: "user_signed_up", distinctId: "ada", properties: { $set: ada } });
    await sandbox.travel({ days: 1 });
    expect(await sandbox.app.store.jobs.listDead({ limit: 10 })).toMatchObject([
      { attempts: 1, error: "Novu refuses the call (400): bad things" },
    ]);
  });

  it("gives up what has failed too often, with the whole cause", async () => {
    await using sandbox = await testSandbox();
    sandbox.novu.injectFault(() => ({ status: 500, body: { message: "down" } }));
    sandbox.posthog.capture({ event: "user_signed_up", distinctId: "ada", properties: { $set: ada } });
    await sandbox.travel({ days: 1 });
    expect(await sandbox.app.store.jobs.listDead({ limit: 10 })).toMatchObject([
      { attempts: 18, error: "Novu answered 500: down" },
    ]);
    expect(await sandbox.app.store.jobs.count()).toEqual({ waiting: 0, dead: 1 });
  });
});
