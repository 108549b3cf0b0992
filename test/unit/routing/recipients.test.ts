import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { LifecycleEvent } from "../../../src/contracts/event.ts";
import { eventUuidOf, isTriggeredHere, partId } from "../../../src/contracts/run.ts";
import { event } from "../../../src/engine/event.ts";
import { lifecycle } from "../../../src/engine/lifecycle.ts";
import { createRoute } from "../../../src/routing/route.ts";
import { event as told } from "../../support/facts.ts";

const names = { name: "", description: "", category: "transactional", payload: z.object({}) } as const;
const ofAccount = lifecycle({
  ...{ id: "invoice", ...names, from: () => ({}), workflow: async () => {} },
  on: [event("invoice_failed")],
  recipients: ({ properties }) => properties.admin_ids,
});
const ofPerson = lifecycle({
  ...{ id: "person", ...names, from: () => ({}), workflow: async () => {} },
  on: [event("invoice_failed")],
});

const failed = (admin_ids: unknown, more: Partial<LifecycleEvent> = {}) =>
  told({ uuid: "u", name: "invoice_failed", properties: { admin_ids, $timezone: "Asia/Tokyo" }, ...more });
const route = createRoute([ofAccount]);
const people = (told: LifecycleEvent) => route(told).starts.map(({ run }) => run.distinctId);

describe("the recipients of an event", () => {
  it.each([
    [
      ["grace", "bob"],
      ["grace", "bob"],
    ],
    [["grace", " grace ", "grace"], ["grace"]],
    [
      [42, "42", " bob "],
      ["42", "bob"],
    ],
    [
      ["ada", "grace"],
      ["ada", "grace"],
    ],
    [Array.from({ length: 100 }, (_, index) => `a${index}`), Array.from({ length: 100 }, (_, index) => `a${index}`)],
  ])("of %j are %j", (listed, expected) => {
    expect(people(failed(listed))).toEqual(expected);
  });

  it.each([
    [undefined, "recipients: not a list"],
    ["grace", "recipients: not a list"],
    [{ 0: "grace" }, "recipients: not a list"],
    [["grace", null], "recipients.1: not a distinct id"],
    [["grace", ""], "recipients.1: not a distinct id"],
    [["grace", " "], "recipients.1: not a distinct id"],
    [["grace", 1.5], "recipients.1: not a distinct id"],
    [["grace", { id: "bob" }], "recipients.1: not a distinct id"],
    [["x".repeat(201)], "recipients.0: not a distinct id"],
    [["a\0b"], "recipients.0: not a distinct id"],
    [["grace", "anonymous"], "recipients.1: the distinct id is a placeholder"],
    [["{{ admin }}"], "recipients.0: the distinct id is a placeholder"],
    [["$company_acme"], "recipients.0: the distinct id is not a person's"],
    [Array.from({ length: 101 }, (_, index) => `a${index}`), "recipients: more than 100 people"],
  ])("cannot be %j", (listed, why) => {
    expect(route(failed(listed))).toMatchObject({
      starts: [],
      problems: [{ cause: "does not fit", reason: `does not fit invoice: ${why}` }],
    });
  });

  it("may be nobody, with the reason", () => {
    expect(route(failed([]))).toMatchObject({
      starts: [],
      problems: [{ cause: "filtered", reason: "no recipients for invoice: the list is empty" }],
    });
  });

  it("do not fit when the function fails, and the error is not told", () => {
    const failing = lifecycle({
      ...{ id: "invoice", ...names, from: () => ({}), workflow: async () => {} },
      on: [event("invoice_failed")],
      recipients: () => {
        throw new Error("secret");
      },
    });
    expect(createRoute([failing])(failed([])).problems).toEqual([
      { cause: "does not fit", reason: "does not fit invoice: its `recipients` fails on this event" },
    ]);
  });

  it("each have a run of their own, with facts about the person only where the event is theirs", () => {
    const personProperties = { email: "ada@example.com" };
    const { starts } = route(failed(["ada", "grace", "bob"], { personProperties }));
    const [own, grace, bob] = starts;
    expect(own).toMatchObject({
      isOneOfSeveral: true,
      to: { subscriberId: "ada", email: "ada@example.com" },
      run: { transactionId: "u:invoice", snapshot: personProperties, timeZone: "Asia/Tokyo" },
    });
    expect(own?.run.isOthersEvent).toBeUndefined();
    expect(grace).toEqual({
      ...own,
      to: { subscriberId: "grace" },
      run: {
        transactionId: expect.stringMatching(/^u:for:[0-9a-f]{64}:invoice$/),
        ...{ eventUuid: "u", eventName: "invoice_failed", source: "posthog", distinctId: "grace" },
        ...{ occurredAt: own?.run.occurredAt, snapshot: {}, isOthersEvent: true },
      },
    });
    const id = grace?.run.transactionId ?? "";
    expect([id === bob?.run.transactionId, JSON.stringify(grace).includes("ada")]).toEqual([false, false]);
    expect([isTriggeredHere({ transactionId: id, workflow: "invoice" }), eventUuidOf(id, "invoice")]).toEqual([
      true,
      "u",
    ]);
    expect(partId(id, 1)).toBe(`${id}#1`);
    expect(route(failed(["grace", "bob"])).starts.map(({ run }) => run.transactionId)).toEqual(
      [grace, bob].map((start) => start?.run.transactionId),
    );
  });

  it("have ids that no other event has", () => {
    const [start] = route(failed(["grace"])).starts;
    const uuid = start?.run.transactionId.replace(/:invoice$/, "") ?? "";
    const [other] = createRoute([ofPerson])(failed(null, { uuid })).starts;
    expect(other?.run.transactionId).toMatch(/^[0-9a-f]{64}$/);
    const [long] = route(failed(["grace"], { uuid: "x".repeat(180) })).starts;
    expect(long?.run.transactionId).toMatch(/^[0-9a-f]{64}$/);
  });

  it("get runs of an event that belongs to no person, which starts no other run", () => {
    const both = createRoute([ofAccount, ofPerson]);
    const ofGroup = failed(["grace"], { distinctId: "$company_acme" });
    const reason = "the distinct id is not a person's";
    expect(both(ofGroup)).toMatchObject({
      starts: [{ workflow: "invoice", run: { distinctId: "grace" } }],
      exits: [],
      problems: [{ cause: "no person", reason }],
    });
    expect(route(ofGroup).problems).toEqual([]);
    expect(route(failed("grace", { distinctId: "$company_acme" })).problems).toMatchObject([{ cause: "does not fit" }]);
    const anonymous = failed(["grace"], { noPersonReason: "anonymous" });
    expect(route(anonymous)).toMatchObject({ starts: [], problems: [{ cause: "no person", reason: "anonymous" }] });
  });

  it("are no internal users", () => {
    const internal = createRoute([ofAccount], [{ domain: "ours.example" }, { exactly: "grace" }]);
    const { starts, problems } = internal(failed(["bob", "grace", "eve@ours.example"]));
    expect([starts.map(({ run }) => run.distinctId), problems]).toEqual([
      ["bob"],
      [2, 1].map((rule) => ({
        cause: "internal",
        reason: `a recipient for invoice is an internal user, by rule ${rule} of INTERNAL_USERS`,
      })),
    ]);
    expect(internal(failed(["bob"], { distinctId: "grace" }))).toMatchObject({
      starts: [],
      problems: [{ cause: "internal" }],
    });
  });
});
