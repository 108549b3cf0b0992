import { describe, expect, it } from "vitest";
import { z } from "zod";
import { examine } from "../../src/commands/doctor/examine.ts";
import type { Comparison } from "../../src/contracts/comparison.ts";
import { event } from "../../src/engine/event.ts";
import type { Sandbox } from "../../src/sandbox/sandbox.ts";
import { campaign } from "../support/campaign.ts";
import { runCommand, WITH_SEGMENT_ALONE } from "../support/command.ts";
import { testFolder } from "../support/folder.ts";
import { productOf } from "../support/product/product.ts";
import { testSandbox } from "../support/sandbox.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const SECRET = "4111 1111 of ada@example.com";

/** Starts on an event with a mistyped name, on one with an amount, and on one that only big teams send. */
const workflows = [
  campaign({
    id: "prices",
    on: [
      event("checkout_stared"),
      event("checkout_completed"),
      event("team_grew", {
        properties: z.object({ seats: z.number() }),
        where: ({ properties }) => properties.seats > 5,
      }),
    ],
    payload: z.object({ amount: z.number().nullish() }),
    from: ({ properties }) => ({ amount: properties.amount }),
  }),
];
const product = productOf(workflows);

const TYPO = '"checkout_stared" was never seen; PostHog has "checkout_started"';
const CHANGED =
  '"amount" is text in 3 of the newest 10 "checkout_completed", and a number in most others; prices cannot read it there';
const NEVER_HELD = 'the condition under which "team_grew" starts prices held in none of the newest 20 "team_grew"';
const STOPPED = /"answered" has not come for 1 d 2 h; its longest pause in the 30 days before was 1 h/;

/** Its clock is that of the commands. */
async function busySandbox(): Promise<Sandbox> {
  const sandbox = await testSandbox({ workflows, startAt: Date.now() });
  const capture = (name: string, properties: object = {}, agoMs = 60_000) =>
    sandbox.posthog.capture({
      event: name,
      distinctId: "ada",
      timestamp: new Date(Date.now() - agoMs).toISOString(),
      properties: { $set: { email: "ada@example.com" }, ...properties },
    });
  capture("checkout_started", { note: SECRET });
  for (let index = 0; index < 10; index += 1) capture("checkout_completed", { amount: index < 7 ? 12 : SECRET });
  for (let index = 0; index < 20; index += 1) capture("team_grew", { seats: 5 });
  for (let hour = 0; hour < 6; hour += 1) capture("answered", {}, DAY_MS + (3 + hour) * 60 * 60 * 1000);
  await sandbox.settled();
  return sandbox;
}

const ofEvents = ({ problems }: Comparison) => problems.filter(({ event: name }) => name !== null);

describe("npm run plan", () => {
  it("finds a mistyped event, a property of another type, an idle condition and an event that stopped", async () => {
    await using sandbox = await busySandbox();
    const json = await runCommand(sandbox, "plan", ["--json"], { product });
    expect([json.code, json.stderr]).toEqual([0, ""]);
    const { events } = JSON.parse(json.stdout) as { events: Comparison };
    expect(ofEvents(events)).toEqual([
      {
        ...{ kind: "never seen", workflows: ["prices"], event: "checkout_stared", property: null },
        ...{ nearest: "checkout_started", text: TYPO },
      },
      expect.objectContaining({ kind: "stopped", event: "answered", text: expect.stringMatching(STOPPED) }),
      expect.objectContaining({
        kind: "property type",
        event: "checkout_completed",
        property: "amount",
        text: CHANGED,
      }),
      expect.objectContaining({ kind: "condition never held", event: "team_grew", text: NEVER_HELD }),
    ]);
    expect([events.notes, events.notCompared, events.events]).toEqual([[], [], 4]);

    const text = await runCommand(sandbox, "plan", [], { product });
    expect(text.stdout).toContain(`Events that do not come as the workflows expect:\n  ${TYPO}\n`);
    const markdown = await runCommand(sandbox, "plan", ["--markdown"], { product });
    expect(markdown.stdout).toContain('- "checkout\\_stared" was never seen; PostHog has "checkout\\_started"');
    for (const { stdout } of [json, text, markdown]) expect(stdout).not.toMatch(/4111|ada@example/);
  });

  it("has one line where all is well, and where no event has come yet", async () => {
    await using sandbox = await testSandbox({ workflows: [campaign()], startAt: Date.now() });
    const plan = async () => (await runCommand(sandbox, "plan", [], { product: productOf([campaign()]) })).stdout;
    expect(await plan()).toMatch(/\nnone of the events of the workflows has come yet\n$/);
    const capture = (name: string) =>
      sandbox.posthog.capture({ event: name, distinctId: "ada", properties: { $process_person_profile: false } });
    capture("called");
    expect(await plan()).toContain('\n  "answered" was never seen\n');
    capture("answered");
    expect(await plan()).toMatch(/\nThe 2 events of the workflows come as the workflows expect.\n$/);
  });

  it("names what it did not compare, and does not fail", async () => {
    await using sandbox = await busySandbox();
    const notes = async (env: Record<string, string> = {}) => {
      const { code, stdout } = await runCommand(sandbox, "plan", ["--json"], { product, env });
      const { events } = JSON.parse(stdout) as { events: Comparison };
      return [code, ofEvents(events).map(({ kind }) => kind), [...events.notes, ...events.notCompared]];
    };
    const here =
      "POSTHOG_PROJECT_ID and POSTHOG_PERSONAL_API_KEY are not set, so only the events that arrived here are checked";
    using empty = testFolder();
    expect(await notes({ ...WITH_SEGMENT_ALONE, DATA_DIR: empty.path })).toEqual([0, [], [here]]);
    expect(await notes(WITH_SEGMENT_ALONE)).toEqual([0, [], [here]]);

    sandbox.posthog.settings.scopes = ["event_definition:read"];
    expect(await notes()).toEqual([
      0,
      ["never seen"],
      [
        "the events of the last 30 days and person properties are not compared: POSTHOG_PERSONAL_API_KEY lacks property_definition:read and query:read",
      ],
    ]);
    sandbox.posthog.injectFault(() => ({ status: 500 }));
    expect(await notes()).toEqual([
      0,
      [],
      [
        "the names of events, the events of the last 30 days, and person properties are not compared: PostHog answered 500",
      ],
    ]);
  });

  it("counts an event that only Segment sends as seen", async () => {
    await using sandbox = await testSandbox({ workflows: [campaign()], startAt: Date.now() });
    sandbox.posthog.capture({ event: "called", distinctId: "ada" });
    const problems = async () => {
      const { stdout } = await runCommand(sandbox, "plan", ["--json"], { product: productOf([campaign()]) });
      return ofEvents((JSON.parse(stdout) as { events: Comparison }).events).map(({ text }) => text);
    };
    expect(await problems()).toEqual(['"answered" was never seen']);
    await sandbox.app.store.events.saveHour("answered", Date.now());
    expect(await problems()).toEqual([]);
  });
});

describe("the doctor", () => {
  it("warns of each problem with an event, and how to solve it", async () => {
    await using sandbox = await busySandbox();
    const found = await examine({ ...sandbox.config, publicUrl: sandbox.app.url }, productOf(workflows), []);
    const events = found.filter(({ what }) => what === "events");
    expect(events.slice(0, 4)).toEqual(
      [
        `${TYPO}: send the event, or correct its name in the workflow`,
        expect.stringMatching(STOPPED),
        `${CHANGED}: send one type, or read it with a type of src/contracts/property-types.ts`,
        `${NEVER_HELD}: correct the condition, or the event`,
      ].map((says) => ({ what: "events", is: "warning", says })),
    );
    expect(JSON.stringify(events)).not.toContain("4111");
  });
});
