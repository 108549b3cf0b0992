import { describe, expect, it } from "vitest";
import { LOCAL_KEYS } from "../../../src/sandbox/local-keys.ts";
import type { Schedule } from "../../../src/sandbox/local-novu/state.ts";
import { isWithin, nextWithin } from "../../../src/sandbox/local-novu/steps/schedule.ts";
import type { Sandbox } from "../../../src/sandbox/sandbox.ts";
import { campaign, happen, mail, upTo } from "../../support/campaign.ts";
import { losingBridge } from "../../support/losing-bridge.ts";
import { testSandbox } from "../../support/sandbox.ts";

const everywhere = (category: "marketing" | "transactional" = "marketing") =>
  campaign({
    category,
    async workflow({ step }) {
      await step.email("email", mail, { atAnyHour: true });
      await step.push("push", () => ({ subject: "a", body: "b" }), { atAnyHour: true });
      await step.sms("sms", () => ({ body: "b" }), { atAnyHour: true });
      await step.chat("chat", () => ({ body: "b" }), { atAnyHour: true });
      await step.inApp("note", () => ({ body: "b" }));
    },
  });
const reachable = { phone: "+4930123456", push_enabled: true, chat_connected: true };
const NEVER: Schedule = { isEnabled: true, weeklySchedule: {} };
const MORNINGS: Schedule = {
  isEnabled: true,
  weeklySchedule: { monday: { isEnabled: true, hours: [{ start: "09:00 AM", end: "11:00 AM" }] } },
};

describe("the local Novu lists how each step ended, in Novu's words", () => {
  it("skips email, SMS and push outside the subscriber's Schedule, and in-app and chat not", async () => {
    await using sandbox = await testSandbox({ workflows: [everywhere()], marketing: upTo(9) });
    await meet(sandbox);
    await api(sandbox, "PATCH", "/v2/subscribers/ada/preferences", { schedule: NEVER });
    expect(await ended(sandbox)).toEqual([
      ...["email", "push", "sms"].map((step) => [
        step,
        "canceled",
        "The step was skipped as it fell outside the subscriber's schedule",
      ]),
      ["chat", "completed", "Message sent"],
      ["note", "completed", "Message sent"],
    ]);
  });

  it("sends what the subscriber cannot turn off at any hour", async () => {
    await using sandbox = await testSandbox({ workflows: [everywhere("transactional")] });
    await meet(sandbox);
    await api(sandbox, "PATCH", "/v2/subscribers/ada/preferences", { schedule: NEVER });
    expect((await ended(sandbox)).map(([, status]) => status)).toEqual(Array(5).fill("completed"));
  });

  it("keeps a message that its provider did not take, fails the job, and goes on", async () => {
    await using sandbox = await testSandbox({ workflows: [everywhere()], marketing: upTo(9) });
    await meet(sandbox);
    sandbox.novu.refuseMessages(({ channel }) => (channel === "email" ? "451 try later" : null));
    expect((await ended(sandbox)).slice(0, 2)).toEqual([
      ["email", "failed", 'Unexpected provider error {"message":"451 try later"}'],
      ["push", "completed", "Message sent"],
    ]);
    expect(sandbox.novu.state.messages[0]).toMatchObject({ channel: "email", errorText: "451 try later" });
  });

  it("lists a call that the bridge did not answer well", async () => {
    await using sandbox = await testSandbox({ workflows: [everywhere()], marketing: upTo(9) });
    await using _proxy = await losingBridge(sandbox, ({ step }) => step === "email");
    await meet(sandbox);
    expect((await ended(sandbox))[0]).toEqual([
      "email",
      "failed",
      expect.stringMatching(/^Bridge execution failed \{"statusCode":502/),
    ]);
  });

  it("limits both reads by the plan", async () => {
    await using sandbox = await testSandbox({ workflows: [everywhere()], marketing: upTo(9) });
    const statuses = await Promise.all(
      Array.from({ length: 400 }, (_, index) =>
        api(
          sandbox,
          "GET",
          index % 2 === 0 ? "/v1/messages?transactionId=a" : "/v1/notifications?transactionId=a",
        ).then(({ status }) => status),
      ),
    );
    expect(new Set(statuses)).toEqual(new Set([200, 429]));
  });

  it("refuses a page of more than 100", async () => {
    await using sandbox = await testSandbox({ workflows: [everywhere()], marketing: upTo(9) });
    expect((await api(sandbox, "GET", "/v1/messages?limit=101")).status).toBe(422);
  });
});

describe("a Schedule", () => {
  const day = { isEnabled: true, hours: [{ start: "09:00 AM", end: "05:00 PM" }] };
  const night = { isEnabled: true, hours: [{ start: "10:00 PM", end: "02:00 AM" }] };
  // A Monday.
  it.each<[Schedule | undefined, time: string, zone: string | undefined, isWithin: boolean]>([
    [undefined, "03:00", undefined, true],
    [{ isEnabled: false, weeklySchedule: {} }, "03:00", undefined, true],
    [{ isEnabled: true }, "03:00", undefined, true],
    [{ isEnabled: true, weeklySchedule: {} }, "12:00", undefined, false],
    [{ isEnabled: true, weeklySchedule: { monday: day } }, "09:00", undefined, true],
    [{ isEnabled: true, weeklySchedule: { monday: day } }, "17:00", undefined, true],
    [{ isEnabled: true, weeklySchedule: { monday: day } }, "17:01", undefined, false],
    [{ isEnabled: true, weeklySchedule: { monday: day } }, "08:30", "Europe/Berlin", true],
    [{ isEnabled: true, weeklySchedule: { monday: day } }, "08:30", "no such zone", false],
    [{ isEnabled: true, weeklySchedule: { monday: { ...day, isEnabled: false } } }, "12:00", undefined, false],
    [{ isEnabled: true, weeklySchedule: { sunday: night } }, "01:30", undefined, true],
    [{ isEnabled: true, weeklySchedule: { sunday: night } }, "03:00", undefined, false],
    [{ isEnabled: true, weeklySchedule: { monday: night } }, "01:30", undefined, true],
    [{ isEnabled: true, weeklySchedule: { monday: night } }, "03:00", undefined, false],
    [{ isEnabled: true, weeklySchedule: { sunday: night } }, "23:00", undefined, true],
    [
      { isEnabled: true, weeklySchedule: { sunday: { isEnabled: true, hours: [...day.hours, ...night.hours] } } },
      "12:00",
      undefined,
      true,
    ],
    [{ isEnabled: true, weeklySchedule: { monday: night } }, "23:00", undefined, true],
    [
      {
        isEnabled: true,
        weeklySchedule: { monday: { isEnabled: true, hours: [{ start: "12:00 AM", end: "01:00 AM" }] } },
      },
      "00:30",
      undefined,
      true,
    ],
  ])("%j at %s in %s: %s", (schedule, time, zone, expected) => {
    expect(isWithin(schedule, Date.parse(`2026-03-02T${time}:00.000Z`), zone)).toBe(expected);
  });
});

/** Ada is a subscriber with an address on each channel. */
async function meet(sandbox: Sandbox): Promise<void> {
  await api(sandbox, "POST", "/v2/subscribers", {
    subscriberId: "ada",
    email: "ada@example.com",
    phone: reachable.phone,
  });
  const reach = (providerId: string, credentials: object) =>
    api(sandbox, "PUT", "/v1/subscribers/ada/credentials", { providerId, credentials });
  await reach("fcm", { deviceTokens: ["one"] });
  await reach("slack", { webhookUrl: "https://slack.invalid" });
}

/** Each step, how it ended, and Novu's word on it. */
async function ended(sandbox: Sandbox): Promise<string[][]> {
  happen(sandbox, "called", { uuid: "u", ...reachable });
  await sandbox.settled();
  const answer = await api(sandbox, "GET", "/v1/notifications?transactionId=u:campaign");
  const { data } = (await answer.json()) as {
    data: Array<{
      jobs: Array<{
        step: { name: string };
        status: string;
        executionDetails: Array<{ detail: string; raw?: string }>;
      }>;
    }>;
  };
  return data[0]!.jobs.map(({ step, status, executionDetails }) => [
    ...[step.name, status],
    ...executionDetails.map(({ detail, raw }) => (raw === undefined ? detail : `${detail} ${raw}`)),
  ]);
}

function api({ novu }: Sandbox, method: string, path: string, body?: object): Promise<Response> {
  return fetch(`${novu.url}${path}`, {
    method,
    headers: { authorization: `ApiKey ${LOCAL_KEYS.novu}`, "content-type": "application/json" },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
}

it.each<[string, Schedule | undefined, string, string]>([
  ["stays without a schedule", undefined, "07:00", "07:00"],
  ["stays within it", MORNINGS, "09:30", "09:30"],
  ["waits until it opens", MORNINGS, "07:00", "09:00"],
  ["stays where it never opens", NEVER, "07:00", "07:00"],
])("a wait that is extended to the schedule %s", (_name, schedule, from, expected) => {
  const at = (time: string) => Date.parse(`2026-03-02T${time}:00.000Z`);
  expect(nextWithin(schedule, at(from), "UTC")).toBe(at(expected));
});
