import { describe, expect, it } from "vitest";
import { createLog } from "../../../src/lib/log.ts";
import { campaign, happen, mail } from "../../support/campaign.ts";
import { putFront } from "../../support/novu-front.ts";
import { testSandbox } from "../../support/sandbox.ts";

const PHONE = "+49 151 23456789";
const isSubscriber = (path: string) => path.startsWith("/v2/subscribers");
const refuses = (...messages: string[]) => ({
  status: 422,
  text: JSON.stringify({
    statusCode: 422,
    message: "Validation Error",
    ...(messages.length > 0 && { errors: { general: { messages } } }),
  }),
});
const AFTER_A_DAY = campaign({
  async workflow({ step }) {
    await step.wait("a-day", { days: 1 });
    await step.email("call", mail, { atAnyHour: true });
  },
});

it("a proxy's 404 while Novu restarts loses no run", async () => {
  await using sandbox = await testSandbox({ workflows: [campaign()] });
  await using front = await putFront(sandbox);
  front.answer(() => ({ status: 404, text: "404 page not found\n" }));
  for (const distinctId of ["ada", "grace"]) happen(sandbox, "called", { distinctId });
  await sandbox.travel({ minutes: 5 });
  expect(sandbox.novu.triggers).toEqual([]);
  expect(await sandbox.app.store.jobs.count()).toMatchObject({ dead: 0 });
  front.answer(null);
  await sandbox.travel({ seconds: 10 });
  expect(sandbox.novu.state.messages.map(({ to }) => to).sort()).toEqual(["ada@example.com", "grace@example.com"]);
});

describe("a distinct id that Novu refuses", () => {
  it("is dead with a cause that names its characters, and not the id", async () => {
    await using sandbox = await testSandbox({ workflows: [campaign()] });
    sandbox.novu.settings.checksIds = true;
    happen(sandbox, "called", { distinctId: "auth0|64f1c2", email: "ada@example.com" });
    happen(sandbox, "called", { distinctId: "auth0:64f1c3", email: "grace@example.com" });
    await sandbox.settled();
    const [dead, ...others] = await sandbox.app.store.jobs.listDead({ limit: 10 });
    expect([dead?.error, others]).toEqual([expect.stringContaining('this distinct id has "|"'), []]);
    expect(dead?.error).not.toContain("64f1c2");
    expect(sandbox.novu.state.messages.map(({ to }) => to)).toEqual(["grace@example.com"]);

    sandbox.novu.settings.checksIds = false;
    await sandbox.app.store.jobs.redrive("all");
    // The app triggers as soon as it is there, and Novu learns of its new address only then.
    const takeUp = sandbox.novu.holdTriggers();
    await sandbox.restartApp();
    takeUp();
    await sandbox.settled();
    expect(sandbox.novu.state.messages).toHaveLength(2);
  });
});

describe("a profile that Novu refuses", () => {
  it("costs a Segment person the refused field alone", async () => {
    const lines: string[] = [];
    const log = createLog({ level: "trace", destination: { write: (line) => lines.push(line) } });
    await using sandbox = await testSandbox({ workflows: [campaign()], log, withoutProfiles: true });
    await using front = await putFront(sandbox);
    front.answer(({ path, body }) =>
      isSubscriber(path) && "phone" in body ? refuses("phone must be a valid phone number") : null,
    );
    sandbox.segment.send({
      type: "track",
      userId: "ada",
      event: "called",
      context: { traits: { email: "ada@example.com", phone: PHONE } },
    });
    await sandbox.settled();
    expect(sandbox.novu.state.messages.map(({ to }) => to)).toEqual(["ada@example.com"]);
    expect(sandbox.novu.state.subscribers.ada).toEqual({ subscriberId: "ada", email: "ada@example.com" });
    expect(await sandbox.app.store.jobs.count()).toMatchObject({ dead: 0 });
    expect(lines.filter((line) => line.includes("fields refused"))[0]).toContain('"fields":["phone"]');
    expect(lines.join("")).not.toContain("23456789");
  });

  it("costs a Segment person no run, where Novu does not say what of it", async () => {
    await using sandbox = await testSandbox({ workflows: [campaign()], withoutProfiles: true });
    await using front = await putFront(sandbox);
    front.answer(({ path }) => (isSubscriber(path) ? refuses() : null));
    sandbox.segment.send({
      type: "track",
      userId: "ada",
      event: "called",
      context: { traits: { email: "ada@example.com" } },
    });
    await sandbox.settled();
    expect(sandbox.novu.state.runs.map(({ subscriberId }) => subscriberId)).toEqual(["ada"]);
  });

  it("makes a Segment person's run wait while Novu is down", async () => {
    await using sandbox = await testSandbox({ workflows: [campaign()], withoutProfiles: true });
    sandbox.novu.injectFault(({ path }) => (isSubscriber(path) ? { status: 503 } : null));
    sandbox.segment.send({
      type: "track",
      userId: "ada",
      event: "called",
      context: { traits: { email: "ada@example.com" } },
    });
    await sandbox.travel({ seconds: 30 });
    expect(sandbox.novu.state.runs).toEqual([]);
    sandbox.novu.injectFault(null);
    await sandbox.travel({ seconds: 10 });
    expect(sandbox.novu.state.messages.map(({ to }) => to)).toEqual(["ada@example.com"]);
  });

  it("is sent without the refused fields when an event changes its person", async () => {
    await using sandbox = await testSandbox({ workflows: [campaign()] });
    await using front = await putFront(sandbox);
    front.answer(({ path, body }) =>
      isSubscriber(path) && ("phone" in body || "locale" in body)
        ? refuses(...["phone", "locale"].filter((field) => field in body).map((field) => `${field} is not taken`))
        : null,
    );
    happen(sandbox, "$identify", { phone: PHONE, locale: "de-DE", name: "Ada Lovelace" });
    await sandbox.settled();
    expect(sandbox.novu.state.subscribers.ada).toEqual({
      subscriberId: "ada",
      email: "ada@example.com",
      firstName: "Ada",
      lastName: "Lovelace",
    });
    expect(await sandbox.app.store.jobs.count()).toMatchObject({ dead: 0 });
  });

  it("is sent without the refused field before the next message", async () => {
    await using sandbox = await testSandbox({ workflows: [AFTER_A_DAY] });
    await using front = await putFront(sandbox);
    happen(sandbox, "called");
    await sandbox.travel({ hours: 12 });
    front.answer(({ path, body }) => (isSubscriber(path) && "phone" in body ? refuses("phone is not taken") : null));
    sandbox.posthog.setPerson("ada", { email: "new@example.com", phone: PHONE });
    await sandbox.travel({ days: 1 });
    expect(sandbox.novu.state.subscribers.ada?.email).toBe("new@example.com");
    expect(sandbox.novu.state.messages.map(({ to }) => to)).toEqual(["new@example.com"]);
    expect(await sandbox.app.store.jobs.count()).toEqual({ waiting: 0, dead: 0 });
  });
});

describe("a trigger that Novu would drop silently", () => {
  it.each([
    ["an email with a local part of 65 characters", { email: `${"a".repeat(65)}@example.com` }],
    ["a locale that is a word", { locale: "german" }],
    ["a locale that is a word, with a region", { locale: "german_DE" }],
    ["a time zone that is none", { $timezone: "Mars/Phobos" }],
  ])("is left out: %s", async (_name, properties) => {
    await using sandbox = await testSandbox({ workflows: [campaign()] });
    happen(sandbox, "called", properties);
    await sandbox.travel({ minutes: 2 });
    expect(sandbox.novu.state.runs).toHaveLength(1);
    const [decision] = await sandbox.app.store.decisions.list();
    expect(decision).toMatchObject(
      "email" in properties
        ? { reason: "unreachable", detail: "the email address cannot be used" }
        : { outcome: "sent", reason: null },
    );
  });
});
