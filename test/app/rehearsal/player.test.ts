import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { cohort } from "../../../src/engine/event.ts";
import { campaign, mail } from "../../support/campaign.ts";
import { testFolder } from "../../support/folder.ts";
import { postHogBody } from "../../support/history.ts";
import { productOf, testProduct } from "../../support/product/product.ts";
import { rehearse } from "../../support/rehearsal.ts";
import { testSamples } from "../../support/samples.ts";

const DAY_ONE = Date.parse("2026-03-02T09:00:00.000Z");
const PARTS = { product: testProduct, samples: testSamples };

describe("a played history", () => {
  it("has the messages, the reasons and the exits of the real app, at their times", async () => {
    using played = await playLines([
      event(0, "user_signed_up", { $set: { name: "Ada" } }),
      event(60, "onboarding_completed", {}, { onboarding_completed: true }),
      event(61, "checkout_started", { checkout_url: "https://app.testwerk.example/c" }),
      event(62, "page_viewed"),
    ]);
    expect(played.facts).toMatchObject({ events: 4, people: 1 });
    expect(played.facts.ignored).toEqual({ 'no workflow listens to "page_viewed"': 1 });
    const [ada] = played.people;
    expect(ada).toMatchObject({ person: "ada", timeZone: "Europe/Berlin" });
    expect(ada?.runs.map(({ workflow, event, status, exit }) => [workflow, event, status, exit])).toEqual([
      ["onboarding", "user_signed_up", "exited", "onboarding_completed"],
      ["drop-off", "checkout_started", "in progress", null],
    ]);
    const [onboarding, dropOff] = ada?.runs ?? [];
    expect(onboarding?.messages.map(({ step, outcome, reason }) => [step, outcome, reason]).sort()).toEqual([
      ["check-in", "skipped", "exited"],
      ["feature-spotlight", "skipped", "exited"],
      ["setup-nudge", "sent", null],
      ["welcome", "sent", null],
      ["welcome-note", "sent", null],
    ]);
    expect(onboarding?.messages.find(({ step }) => step === "welcome")).toMatchObject({
      at: DAY_ONE,
      isAfterExit: false,
    });
    expect(dropOff?.messages.map(({ step }) => step)).toEqual(["checkout-note"]);
  });

  it("has the person as of each event", async () => {
    using played = await playLines([
      event(0, "user_signed_up"),
      {
        ...event(30, "checkout_started"),
        person: { id: "p", properties: { email: "ada@example.com", unsubscribed_from: "all" } },
      },
      event(72, "session_started"),
    ]);
    const results = played.people[0]?.runs.flatMap(({ messages }) =>
      messages.map(({ step, reason }) => [step, reason]),
    );
    expect(results).toContainEqual(["setup-nudge", "opted out"]);
  });

  it("assumes the replies that it is asked to", async () => {
    const workflow = campaign({
      async workflow({ step }) {
        const note = await step.inApp("note", () => ({ subject: "Hello", body: "There is news." }));
        await step.wait("an-hour", { hours: 1 });
        await step.email("call", mail, { skip: () => note.read && "has read the note" });
      },
    });
    const emails: unknown[] = [];
    for (const replies of ["none", "seen"] as const) {
      const parts = { product: productOf([workflow]), samples: testSamples, replies };
      using played = await playLines([event(0, "called"), event(30, "session_started")], parts);
      const email = played.people[0]?.runs[0]?.messages.find(({ step }) => step === "call");
      emails.push([replies, email?.outcome, email?.detail]);
    }
    expect(emails).toEqual([
      ["none", "sent", null],
      ["seen", "skipped", "has read the note"],
    ]);
  });

  it("keeps an opt-out from before the history, whichever replies are assumed, and one within it only if asked", async () => {
    const optOut = (hour: number) => ({
      at: new Date(DAY_ONE + hour * 60 * 60_000).toISOString(),
      source: "reply",
      body: { kind: "opt-out", distinct_id: "ada", topic: "all", is_out: true },
    });
    const results: unknown[] = [];
    for (const [hour, replies] of [
      [-1, "none"],
      [30, "none"],
      [30, "recorded"],
    ] as const) {
      const lines = [optOut(hour), event(0, "user_signed_up"), event(72, "session_started")];
      using played = await playLines(lines, { ...PARTS, replies }, DAY_ONE);
      const nudge = played.people[0]?.runs[0]?.messages.find(({ step }) => step === "setup-nudge");
      results.push([hour, replies, nudge?.outcome, nudge?.reason]);
    }
    expect(results).toEqual([
      [-1, "none", "skipped", "opted out"],
      [30, "none", "sent", null],
      [30, "recorded", "skipped", "opted out"],
    ]);
  });

  it("has the recorded entries into a cohort, and reads no cohort itself", async () => {
    const workflow = campaign({ on: [cohort(42, { members: "start too" })], entry: "always" });
    const body = event(0, "cohort_entered", { cohort_id: 42, swept_for: "campaign" });
    const lines = [{ at: new Date(DAY_ONE).toISOString(), source: "sweep", body }, event(30, "session_started")];
    using played = await playLines(lines, { product: productOf([workflow]), samples: testSamples });
    expect(played.people[0]?.runs.map(({ messages }) => messages.map(({ step, outcome }) => [step, outcome]))).toEqual([
      [["call", "sent"]],
    ]);
  });

  it("has a run for each recipient of an event", async () => {
    const workflow = campaign({ recipients: ({ properties }) => properties.admin_ids });
    const $set = { email: "grace@example.com" };
    const grace = { distinct_id: "grace", properties: { $set }, person: { id: "g", properties: $set } };
    const lines = [
      postHogBody({ uuid: "g", event: "$set", timestamp: new Date(DAY_ONE).toISOString(), ...grace }),
      event(1, "called", { admin_ids: ["grace", "ada", "peter"] }),
      event(30, "session_started"),
    ];
    using played = await playLines(lines, { product: productOf([workflow]), samples: testSamples });
    const messages = played.people.flatMap(({ person, runs }) =>
      runs.flatMap((run) => run.messages.map(({ outcome, reason }) => [person, outcome, reason])),
    );
    expect(messages).toEqual([
      ["ada", "sent", null],
      ["grace", "sent", null],
      ["peter", "skipped", "person not found"],
    ]);
  });

  it("has the same contents when it is played again", async () => {
    const lines = [event(0, "user_signed_up"), event(60, "session_started")];
    using first = await playLines(lines);
    using second = await playLines(lines);
    expect(first.people[0]?.runs[0]?.messages.every(({ content }) => content !== null)).toBe(true);
    expect(second.people).toEqual(first.people);
  });
});

/** An event of Ada, so many hours after the first day's nine o'clock. */
function event(hour: number, name: string, properties: object = {}, set: object = {}): Record<string, unknown> {
  const timestamp = new Date(DAY_ONE + hour * 60 * 60_000).toISOString();
  const person = { email: "ada@example.com", name: "Ada", $timezone: "Europe/Berlin", ...set };
  return postHogBody({
    ...{ uuid: `u${hour}-${name}`, event: name, timestamp },
    properties: Object.keys(set).length === 0 ? properties : { ...properties, $set: set },
    person: { id: "p", properties: person },
  });
}

async function playLines(lines: object[], parts: Parameters<typeof rehearse>[1] = PARTS, since?: number) {
  using folder = testFolder();
  const file = join(folder.path, "events.jsonl");
  writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  return await rehearse({ dataDir: folder.path, from: file, ...(since !== undefined && { since }) }, parts);
}
