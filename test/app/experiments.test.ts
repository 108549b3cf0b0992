import { createElement } from "react";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { subjectControl } from "../../src/engine/controls.ts";
import { event } from "../../src/engine/event.ts";
import { experiment } from "../../src/engine/experiment.ts";
import { lifecycle } from "../../src/engine/lifecycle.ts";
import type { Sandbox } from "../../src/sandbox/sandbox.ts";
import { byHand, decisions, happen } from "../support/campaign.ts";
import { topicOf } from "../support/product/topics.ts";
import { testSandbox } from "../support/sandbox.ts";

const FLAG = "call-subject";
const outage = ({ path }: { path: string }) => (path.startsWith("/flags") ? { status: 500 } : null);

/** A first email that is the same for all, one that shows the variant, and a day later a note that does, too. */
const tried = lifecycle({
  id: "tried",
  name: "Tried",
  description: "An email and a note.",
  category: "marketing",
  topic: topicOf("offers"),
  on: [event("called")],
  exitOn: [event("answered")],
  experiments: { subject: experiment(FLAG, { variants: ["control", "benefit"], otherwise: "control" }) },
  payload: z.object({}),
  from: () => ({}),
  async workflow({ step }) {
    await step.inApp("hello", () => ({ subject: "Hello", body: "there" }));
    await step.email(
      "call",
      ({ controls, variants }) => ({
        subject: { control: controls.subject, benefit: "Twice as fast" }[variants.subject],
        body: createElement("p", null, "Have a look"),
      }),
      { controlSchema: subjectControl("An offer") },
    );
    await step.wait("a-day", { days: 1 });
    await step.inApp("note", ({ variants }) => ({ subject: `${variants.subject} still`, body: "there" }));
  },
});

// @ts-expect-error: what is shown otherwise has to be one of the variants
experiment("flag", { variants: ["control", "benefit"], otherwise: "something else" });

describe("an experiment", () => {
  it("shows each person the variant that PostHog has for them, and says so", async () => {
    await using sandbox = await opened();
    sandbox.posthog.setFlag(FLAG, "control");
    sandbox.posthog.setFlag(FLAG, "benefit", ["grace"]);
    for (const distinctId of ["ada", "grace"]) happen(sandbox, "called", { distinctId });
    await sandbox.travel({ minutes: 1 });
    expect(subjects(sandbox)).toEqual(["Hello", "An offer", "Hello", "Twice as fast"]);
    expect(told(sandbox, "notification sent", "grace").map(variantIn)).toEqual([
      { step: "hello" },
      { step: "call", [`$feature/${FLAG}`]: "benefit", variant: `${FLAG}: benefit`, variant_source: "posthog" },
    ]);
  });

  it("is the same in all messages of a run, even when the flag changes, and one exposure", async () => {
    await using sandbox = await opened();
    sandbox.posthog.setFlag(FLAG, "benefit");
    const uuid = happen(sandbox, "called");
    await sandbox.travel({ minutes: 1 });
    expect(told(sandbox, "$feature_flag_called")).toMatchObject([
      {
        distinctId: "ada",
        uuid: expect.stringMatching(/^[0-9a-f-]{14}5/),
        properties: {
          $feature_flag: FLAG,
          $feature_flag_response: "benefit",
          [`$feature/${FLAG}`]: "benefit",
          step: "call",
          transaction_id: `${uuid}:tried`,
        },
      },
    ]);
    sandbox.posthog.setFlag(FLAG, "control");
    await sandbox.restartApp();
    await sandbox.travel({ days: 2 });
    expect(subjects(sandbox)).toEqual(["Hello", "Twice as fast", "benefit still"]);
    expect(told(sandbox, "notification sent").at(-1)?.properties).toMatchObject({ [`$feature/${FLAG}`]: "benefit" });
    expect(told(sandbox, "$feature_flag_called")).toHaveLength(1);

    happen(sandbox, "called");
    await sandbox.travel({ minutes: 1 });
    expect(subjects(sandbox).at(-1)).toBe("An offer");
    expect(told(sandbox, "$feature_flag_called")).toHaveLength(2);
  });

  it("is the default for the whole run when PostHog cannot be asked, marked so, and no exposure", async () => {
    await using sandbox = await opened();
    sandbox.posthog.setFlag(FLAG, "benefit");
    sandbox.posthog.injectFault(outage);
    happen(sandbox, "called");
    await sandbox.travel({ minutes: 1 });
    sandbox.posthog.injectFault(null);
    await sandbox.travel({ days: 2 });
    expect(subjects(sandbox)).toEqual(["Hello", "An offer", "control still"]);
    expect(told(sandbox, "notification sent").map(variantIn)).toEqual([
      { step: "hello" },
      { step: "call", variant: `${FLAG}: control`, variant_source: "default" },
      { step: "note", variant: `${FLAG}: control`, variant_source: "default" },
    ]);
    expect(told(sandbox, "$feature_flag_called")).toEqual([]);
  });

  it.each([
    ["of another name", "surprise"],
    ["that is only on", true],
    ["that is off", false],
  ] as const)("is the default when PostHog has a variant %s", async (_name, value) => {
    await using sandbox = await opened();
    sandbox.posthog.setFlag(FLAG, value);
    happen(sandbox, "called");
    await sandbox.travel({ minutes: 1 });
    expect(subjects(sandbox)).toEqual(["Hello", "An offer"]);
    expect(told(sandbox, "notification sent").at(-1)?.properties.variant_source).toBe("default");
    expect(told(sandbox, "$feature_flag_called")).toEqual([]);
  });

  it("is reported with the first message that shows it", async () => {
    await using sandbox = await opened();
    sandbox.posthog.setFlag(FLAG, "benefit");
    happen(sandbox, "called", { email: undefined });
    await sandbox.travel({ minutes: 1 });
    expect((await decisions(sandbox)).map(([step, , reason]) => [step, reason])).toEqual([
      ["hello", null],
      ["call", "unreachable"],
    ]);
    expect(told(sandbox, "$feature_flag_called")).toEqual([]);
    await sandbox.travel({ days: 2 });
    expect(told(sandbox, "$feature_flag_called").map(({ properties }) => properties.step)).toEqual(["note"]);
  });

  it("is not read for a person who gets nothing, and is read once for a run", async () => {
    await using sandbox = await opened();
    let calls = 0;
    sandbox.posthog.injectFault(({ path }) => {
      if (path.startsWith("/flags")) calls += 1;
      return null;
    });
    happen(sandbox, "called", { unsubscribed_from: ["all"] });
    await sandbox.travel({ days: 2 });
    expect(calls).toBe(0);
    happen(sandbox, "called", { unsubscribed_from: [] });
    await sandbox.travel({ days: 2 });
    expect(calls).toBe(1);
  });

  it("shows who tries it by hand their own variant, and keeps nothing", async () => {
    await using sandbox = await opened();
    sandbox.posthog.setFlag(FLAG, "benefit");
    happen(sandbox, "met");
    await byHand(sandbox, "tried");
    expect(subjects(sandbox)).toEqual(["Hello", "Twice as fast"]);
    expect(told(sandbox, "$feature_flag_called")).toEqual([]);
    expect((await sandbox.app.store.people.listRecords("ada")).variants).toEqual([]);
  });

  it("is answered within the time of a bridge call when PostHog is silent", { tags: ["long"] }, async () => {
    await using sandbox = await opened({
      cap: { most: 3, withinMs: 7 * 24 * 60 * 60 * 1000 },
      hours: { from: "09:00", to: "20:00" },
      timeZone: "UTC",
      holdout: "no-marketing",
    });
    sandbox.posthog.injectFault(({ path }) => (path.startsWith("/batch") ? null : { delayMs: 10_000 }));
    happen(sandbox, "called");
    await sandbox.travel({ minutes: 1 });
    expect(subjects(sandbox)).toEqual(["Hello", "An offer"]);
    expect(new Set(sandbox.novu.bridgeCalls.map(({ status }) => status))).toEqual(new Set([200]));
  });
});

function opened(marketing?: Sandbox["config"]["marketing"]): Promise<Sandbox> {
  return testSandbox({ workflows: [tried], ...(marketing && { marketing }) });
}

function subjects(sandbox: Sandbox): unknown[] {
  const { messages } = sandbox.novu.state;
  return messages.toSorted(byPerson).map(({ content }) => content.subject);
}

function byPerson(one: { subscriberId: string }, other: { subscriberId: string }): number {
  return one.subscriberId.localeCompare(other.subscriberId);
}

function told(sandbox: Sandbox, name: string, distinctId = "ada") {
  return sandbox.posthog.state.events.filter((one) => one.event === name && one.distinctId === distinctId);
}

function variantIn({ properties }: { properties: Record<string, unknown> }) {
  const isAbout = (name: string) => name === "step" || name.startsWith("$feature/") || name.startsWith("variant");
  return Object.fromEntries(Object.entries(properties).filter(([name]) => isAbout(name)));
}
