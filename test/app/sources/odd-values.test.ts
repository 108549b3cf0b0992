import { describe, expect, it } from "vitest";
import { event } from "../../../src/engine/event.ts";
import type { LifecycleWorkflow } from "../../../src/engine/lifecycle.ts";
import { createLog } from "../../../src/lib/log.ts";
import { campaign, decisions, happen, mail } from "../../support/campaign.ts";
import { metric } from "../../support/metrics.ts";
import { testSandbox } from "../../support/sandbox.ts";

/** The decision about a person with these properties at PostHog. */
async function decidedOf(
  properties: Record<string, unknown>,
  workflow: LifecycleWorkflow = campaign(),
): Promise<Array<string | null>> {
  await using sandbox = await testSandbox({ workflows: [workflow] });
  happen(sandbox, "called", properties);
  await sandbox.travel({ minutes: 2 });
  const [decision = []] = await decisions(sandbox);
  return decision.slice(1);
}

const SENT = ["sent", null, null];
const optedOut = (detail: string) => ["skipped", "opted out", detail];

describe("an opt-out is one however it is written", () => {
  it.each([
    ["all", "all"],
    ['["all"]', "all"],
    ["getting_started, offers", "offers"],
    [true, "all"],
    ["true", "all"],
    [["All"], "all"],
    [[" all "], "all"],
    [["all", null], "all"],
    [["Offers"], "offers"],
    ["Plans and offers", "plans_and_offers"],
    // The same title in the other locale.
    ["תוכניות והצעות", "תוכניות_והצעות"],
    ["product_tips\tall", "all"],
    ["unsubscribed", "all"],
    ["offers and reminders", "offers_and_reminders"],
    ["no offers please", "no_offers_please"],
    ["all marketing", "all_marketing"],
    ["ａｌｌ", "all"],
    [1, "all"],
  ])("%j", async (unsubscribed_from, detail) => {
    expect(await decidedOf({ unsubscribed_from })).toEqual(optedOut(detail));
  });

  it.each([[{ offers: true }], ["[offers"], [5], [[["offers"]]], ["2026-01-01"]])(
    "and one that cannot be read is one from everything: %j",
    async (unsubscribed_from) => {
      expect(await decidedOf({ unsubscribed_from })).toEqual(optedOut("all: unsubscribed_from cannot be read"));
    },
  );

  it.each([[[]], [null], [""], [false], ["none"], [["reminders"]], ["reminders and tips"]])(
    "and none is none: %j",
    async (unsubscribed_from) => {
      expect(await decidedOf({ unsubscribed_from })).toEqual(SENT);
    },
  );
});

it.each([null, "", " ", "\u200b"])(
  "an opt-out is read in another spelling where the right one is empty: %j",
  async (empty) => {
    const [right, other] = [{ unsubscribed_from: empty }, { Unsubscribed_From: "all" }];
    for (const properties of [
      { ...right, ...other },
      { ...other, ...right },
    ])
      expect(await decidedOf(properties)).toEqual(optedOut("all"));
    expect(await decidedOf({ unsubscribed_from: "product_tips", Unsubscribed_From: "all" })).toEqual(SENT);
  },
);

describe("an address", () => {
  it.each([
    ["ada@example.com ", "ada@example.com"],
    ["\u200bada@example.com", "ada@example.com"],
    ["info@bücher.example", "info@bücher.example"],
    ["info@xn--e1afmkfd.xn--p1ai", "info@xn--e1afmkfd.xn--p1ai"],
    ["r&d@example.com", "r&d@example.com"],
    ["jörg@example.com", "jörg@example.com"],
  ])("%j is taken as Novu takes it", async (email, to) => {
    await using sandbox = await testSandbox({ workflows: [campaign()] });
    happen(sandbox, "called", { email });
    await sandbox.settled();
    expect(sandbox.novu.state.messages).toMatchObject([{ to }]);
  });

  it("that cannot be used is not said to be missing", async () => {
    expect(await decidedOf({ email: "ada at example.com" })).toEqual([
      "skipped",
      "unreachable",
      "the email address cannot be used",
    ]);
  });

  it("is read from Email where there is no email", async () => {
    expect(await decidedOf({ email: undefined, Email: "ada@example.com" })).toEqual(SENT);
  });
});

describe("a condition on a property", () => {
  const unlessPaid = campaign({
    async workflow({ step, startedAt }) {
      await step.email("call", mail, {
        skip: ({ person }) => {
          if (person.plan === "pro") return "is on Pro";
          if (person.onboarding_completed) return "is set up";
          return Date.parse(person.last_purchase_at ?? "") > startedAt.getTime() && "has bought";
        },
      });
    },
  });
  it.each<[Record<string, unknown>, string]>([
    [{ plan: "Pro" }, "is on Pro"],
    [{ plan: " pro " }, "is on Pro"],
    [{ onboarding_completed: "true" }, "is set up"],
    [{ onboarding_completed: 1 }, "is set up"],
    [{ last_purchase_at: "2026-03-03 10:01:00" }, "has bought"],
    [{ last_purchase_at: "2026-03-03" }, "has bought"],
    [{ last_purchase_at: Date.parse("2026-03-03T10:01:00Z") / 1000 }, "has bought"],
  ])("sees it as it is written: %j", async (properties, why) => {
    expect(await decidedOf(properties, unlessPaid)).toEqual(["skipped", "not needed", why]);
  });

  it.each<[Record<string, unknown>, string]>([
    [{ plan: ["pro"] }, "plan"],
    [{ onboarding_completed: "maybe" }, "onboarding_completed"],
    [{ last_purchase_at: "yesterday" }, "last_purchase_at"],
    [{ plan: {}, last_purchase_at: "03/04/2026" }, "plan, last_purchase_at"],
  ])("lets no message go when it cannot be read: %j", async (properties, names) => {
    expect(await decidedOf(properties, unlessPaid)).toEqual(["skipped", "unreadable", names]);
  });

  it("does not mind one that it does not ask for", async () => {
    expect(await decidedOf({ name: {}, avatar: 7, features_used: { a: 1 } }, unlessPaid)).toEqual(SENT);
  });

  it("starts nothing, and ends what runs, when it is about the person of an event", async () => {
    const onTrial = { where: ({ person }: { person: { plan?: string | undefined } }) => person.plan !== "pro" };
    await using sandbox = await testSandbox({
      workflows: [
        campaign({
          on: [event("called", onTrial)],
          exitOn: [event("answered", onTrial)],
          async workflow({ step }) {
            await step.wait("an-hour", { hours: 1 });
            await step.email("call", mail);
          },
        }),
      ],
    });
    happen(sandbox, "called", { plan: ["pro"] });
    await sandbox.settled();
    expect(sandbox.novu.triggers).toEqual([]);
    happen(sandbox, "called", { plan: "trial" });
    happen(sandbox, "answered", { plan: ["pro"] });
    await sandbox.travel({ hours: 2 });
    expect(await decisions(sandbox)).toEqual([["call", "skipped", "exited", "answered"]]);
  });
});

it("says once that a property cannot be read, counts it, and keeps its value to itself", async () => {
  const lines: string[] = [];
  const log = createLog({ level: "info", destination: { write: (line) => lines.push(line) } });
  await using sandbox = await testSandbox({
    log,
    workflows: [
      campaign({
        async workflow({ step }) {
          await step.email("call", mail, { atAnyHour: true });
          await step.email("again", mail, { atAnyHour: true });
        },
      }),
    ],
  });
  happen(sandbox, "called", { plan: { secret: "ada's" } });
  await sandbox.settled();
  const said = lines.filter((line) => line.includes("unreadable") && line.includes("plan"));
  expect(said).toHaveLength(1);
  expect(lines.join("")).not.toContain("ada's");
  expect(await metric(sandbox.app.url, "bridge_unreadable_properties_total")).toEqual({ 'property="plan"': 2 });
  expect(await sandbox.app.store.decisions.list()).toMatchObject([{ unreadable: ["plan"] }, { unreadable: ["plan"] }]);
});
