import { describe, expect, it } from "vitest";
import type { LifecycleEvent } from "../../src/contracts/event.ts";
import { whyNobody } from "../../src/routing/identity.ts";
import { createRoute } from "../../src/routing/route.ts";
import { workflows } from "../../src/workflows/index.ts";

const route = createRoute(workflows);
const event = (changes: Partial<LifecycleEvent>): LifecycleEvent => ({
  uuid: "u1",
  name: "user_signed_up",
  distinctId: "ada",
  occurredAt: "2026-03-02T09:00:00.000Z",
  properties: {},
  personProperties: { email: "ada@example.com", name: "Ada Lovelace", plan: "trial", secret: "not declared" },
  ...changes,
});

describe("route", () => {
  it("starts what listens, with the declared properties only", () => {
    const { starts, exits, problems } = route(event({}));
    expect([starts.map(({ workflow }) => workflow), exits, problems]).toEqual([["onboarding"], [], []]);
    expect(starts[0]?.run).toMatchObject({
      transactionId: "u1:onboarding",
      distinctId: "ada",
      snapshot: { email: "ada@example.com", plan: "trial" },
    });
    expect(JSON.stringify(starts)).not.toContain("not declared");
  });

  it("ends what the event ends", () => {
    const { starts, exits } = route(event({ name: "checkout_completed" }));
    expect([starts, exits.map(({ workflow, eventName }) => [workflow, eventName])]).toEqual([
      [],
      [["drop-off", "checkout_completed"]],
    ]);
  });

  it("causes the same each time", () => {
    expect(route(event({}))).toEqual(route(event({})));
  });

  it("says what listens to nothing", () => {
    expect(route(event({ name: "$pageview" })).problems).toEqual([
      { cause: "no workflow", reason: 'no workflow listens to "$pageview"' },
    ]);
  });

  it("says what does not fit, and not the value", () => {
    const { starts, problems } = route(
      event({ name: "checkout_started", properties: { checkout_url: "javascript:alert(1)", cart_value: "a lot" } }),
    );
    expect(starts).toEqual([]);
    expect(problems).toEqual([
      {
        cause: "does not fit",
        reason: expect.stringMatching(/^does not fit drop-off: checkout_url: .+; cart_value: .+/),
      },
    ]);
    expect(problems[0]?.reason).not.toMatch(/javascript|a lot/);
  });

  it("counts a property of another type as absent", () => {
    const { starts } = route(
      event({ personProperties: { email: "not an address", name: 5, onboarding_completed: "yes" } }),
    );
    expect(starts[0]?.run.snapshot).toEqual({});
  });

  it("makes an id that Novu takes of any event id", () => {
    const { starts } = route(event({ uuid: "x".repeat(300) }));
    expect(starts[0]?.run.transactionId).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe("whyNobody", () => {
  const uuid = "01953f2a-7c11-7d0e-9a66-3a1de2f7b001";

  it.each([
    ["a server's event", { distinctId: "user_1", properties: {} }],
    ["a user id that is a UUID", { distinctId: uuid, properties: {} }],
    ["an identified browser", { distinctId: "user_1", properties: { $is_identified: true, $device_id: uuid } }],
    [
      "a browser that is identified by its device id",
      { distinctId: uuid, properties: { $is_identified: true, $device_id: uuid } },
    ],
  ])("%s is somebody", (_name, who) => {
    expect(whyNobody(who)).toBeNull();
  });

  it.each<[string, Parameters<typeof whyNobody>[0]]>([
    ["anonymous", { distinctId: "user_1", properties: { $process_person_profile: false, $is_identified: true } }],
    ["anonymous", { distinctId: uuid, properties: { $is_identified: false } }],
    ["anonymous", { distinctId: uuid, properties: { $device_id: uuid } }],
    ["the distinct id is not a person's", { distinctId: "$company_acme", properties: {} }],
    ...["anonymous", "GUEST", "undefined", "None", "[object Object]", "0", " "].map(
      (distinctId): [string, Parameters<typeof whyNobody>[0]] => [
        "the distinct id is a placeholder",
        { distinctId, properties: {} },
      ],
    ),
  ])("%s: %j", (why, who) => {
    expect(whyNobody(who)).toBe(why);
  });
});
