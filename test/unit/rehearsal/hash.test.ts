import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import type { LifecycleEvent } from "../../../src/contracts/event.ts";
import { readPerson } from "../../../src/contracts/person.ts";
import { event } from "../../../src/engine/event.ts";
import { readLocale } from "../../../src/lib/locale.ts";
import { pseudonymOf } from "../../../src/lib/rehearsal-files.ts";
import { isTimeZone } from "../../../src/lib/time-zone.ts";
import type { HistoryLine } from "../../../src/rehearsal/history.ts";
import { type EventLine, eventIn, isEvent } from "../../../src/rehearsal/inputs/events.ts";
import { createHash } from "../../../src/rehearsal/inputs/hash.ts";
import { createRoute } from "../../../src/routing/route.ts";
import { campaign } from "../../support/campaign.ts";
import { POSTHOG_BODY, SEGMENT_BODY } from "../../support/event-arbitraries.ts";
import { CART, PERSON, POSTHOG_SHAPES, SEGMENT_SHAPES } from "../../support/event-shapes.ts";
import { testFolder } from "../../support/folder.ts";
import { linesOf, openFrom, openLines } from "../../support/history.ts";
import { productOf, testProduct } from "../../support/product/product.ts";
import { segmentEvent } from "../../support/segment.ts";
import { delivery } from "../../support/webhook.ts";

const names = testProduct.segmentNames;
const route = createRoute(testProduct.workflows);
const AT = "2026-03-02T09:00:00.000Z";

describe("a history without personal data", () => {
  let folder: ReturnType<typeof testFolder>;
  beforeEach(() => {
    folder = testFolder();
  });
  afterEach(() => folder[Symbol.dispose]());

  it.each([...POSTHOG_SHAPES, ...SEGMENT_SHAPES])("has the same effects: %s", async (_what, body) => {
    const [plain] = (await openLines(folder.path, [body])).lines;
    const [hashed] = await hashedOf([body]);
    expect(effects(hashed!)).toEqual(effects(plain!, (id) => hashId(id)));
  });

  it.each([
    ["posthog", POSTHOG_BODY],
    ["segment", SEGMENT_BODY],
  ] as const)("has the same effects, from %s, in any shape", (source, bodies) => {
    const key = "a".repeat(64);
    const hash = createHash({ key, workflows: testProduct.workflows, internalUsers: [], names });
    fc.assert(
      fc.property(bodies, (body) => {
        const line: EventLine = { at: AT, source, body };
        const parsed = eventIn(line, names);
        fc.pre("event" in parsed);
        const hashed = hash({ line, event: (parsed as { event: LifecycleEvent }).event });
        expect(effects(hashed!)).toEqual(effects(line, (id) => pseudonymOf(key, id)));
        expect(JSON.stringify(hashed)).not.toMatch(/ada@example|grace|visitor|shoe/);
      }),
      { numRuns: 300 },
    );
  });

  it("has no id, address, number, name or undeclared property of a person", async () => {
    const text = JSON.stringify(
      await hashedOf([
        ...POSTHOG_SHAPES.map(([, body]) => body),
        ...SEGMENT_SHAPES.map(([, body]) => body),
        delivery({
          person: { ...PERSON, phone: "+49 151 5550100", avatar: "https://ada.example/me.png", last_name: "Lovelace" },
        }),
        delivery({ event: "checkout_started", properties: { ...CART, currency: "ada@example.com", note: "secret" } }),
      ]),
    );
    for (const secret of [
      "peter@",
      "Ada",
      "Peter",
      "Lovelace",
      "5550100",
      "ada.example",
      "shoe",
      "secret",
      "visitor",
      "someone",
      'userId":"p"',
    ])
      expect([secret, text.includes(secret)]).toEqual([secret, false]);
    // Not within a pseudonym or a uuid, which have these characters by chance.
    expect(text).not.toMatch(/(?<![0-9a-f-])4711(?![0-9a-f-])/);
    expect(text).not.toMatch(/(?<![0-9a-f])ada@/);
    expect(text).not.toMatch(/"(ada|peter|mary|odd|nobody|old-ada)"/);
  });

  it("has the same pseudonym for an id everywhere and each time, by a key for its owner alone", async () => {
    const bodies = [
      delivery({ event: "$identify", properties: { $anon_distinct_id: "visitor", $device_id: "visitor" } }),
      delivery({ distinctId: "visitor", properties: { $device_id: "visitor" } }),
      delivery({ event: "$create_alias", properties: { alias: "visitor" } }),
      segmentEvent({ type: "alias", userId: "ada", previousId: "visitor" }),
      segmentEvent({ type: "identify", userId: "ada", anonymousId: "visitor" }),
    ];
    const first = await hashedOf(bodies);
    expect(await hashedOf(bodies)).toEqual(first);
    expect(JSON.stringify(first).split(hashId("visitor"))).toHaveLength(8);
    expect(JSON.stringify(first)).not.toContain("visitor");
    const file = join(folder.path, "rehearsal", "key");
    expect([statSync(file).mode & 0o777, readFileSync(file, "utf8")]).toEqual([
      0o600,
      expect.stringMatching(/^[0-9a-f]{64}\n$/),
    ]);
  });

  it("stays as it is when it is read again", async () => {
    const first = await hashedOf([...POSTHOG_SHAPES, ...SEGMENT_SHAPES].map(([, body]) => body));
    const again = await openFrom(join(folder.path, "rehearsal", "file.jsonl"), folder.path, { plain: false });
    expect(again.lines).toEqual(first);
  });

  it.each([
    ["an address", "ada@acme.example", /^p_[0-9a-f]{16}@example\.com$/],
    ["the same address", "ada@acme.example", /^p_[0-9a-f]{16}@example\.com$/],
    ["no address", "ada at acme", {}],
    ["an emptied address", "", null],
    ["a missing address", null, null],
  ])("has an address of the same validity: %s", async (_what, email, expected) => {
    const [line] = await hashedOf([delivery({ person: { email } })]);
    const { personProperties } = eventOf(line!);
    if (expected instanceof RegExp) expect(personProperties?.email).toMatch(expected);
    else expect(personProperties).toEqual({ email: expected });
  });

  it("keeps only the properties that a workflow reads, also one that it reads only sometimes", async () => {
    const workflow = campaign({
      on: [event("called")],
      payload: z.object({ price: z.unknown() }),
      from: ({ properties }) => ({ price: properties.kind === "b" ? properties.rest : properties.price }),
    });
    const called = (kind: string) =>
      delivery({
        event: "called",
        properties: { kind, rest: 1, price: { net: 9, by: "ada@example.com" }, other: "x", $timezone: "Asia/Tokyo" },
      });
    const lines = await hashedOf([called("a"), called("b")], { product: productOf([workflow]) });
    const price = { net: 9, by: expect.stringMatching(/^p_.*@example\.com$/) };
    expect(lines.map((line) => eventOf(line).properties)).toEqual([
      { kind: "a", price, $timezone: "Asia/Tokyo" },
      { kind: "b", rest: 1, price, $timezone: "Asia/Tokyo" },
    ]);
    expect(JSON.stringify(lines)).not.toContain("other");
  });

  it("leaves out internal users, by their real address and id, and says how many", async () => {
    const bodies = [delivery(), delivery({ distinctId: "bot-1" }), delivery({ person: { email: "eve@acme.example" } })];
    const config = {
      ...{ dataDir: folder.path, databaseUrl: undefined, databaseDirectUrl: undefined, retentionMs: 0, posthog: null },
      internalUsers: [{ domain: "acme.example" }, { pattern: /^bot-/ }],
    };
    await openLines(folder.path, bodies);
    const { lines, limits } = await openFrom(
      join(folder.path, "events.jsonl"),
      folder.path,
      { plain: false },
      { config },
    );
    expect(lines.map((line) => eventOf(line).distinctId)).toEqual([hashId("ada")]);
    expect(limits.at(-1)).toBe("2 events of internal users are left out.");
  });

  it("has the replies to the same runs", async () => {
    const reply = (transaction_id: string) => ({
      at: AT,
      source: "reply",
      body: { kind: "read", distinct_id: "ada", transaction_id, step: "note" },
    });
    const uuid = "0190f1d2-6a4b-7c1e-8f00-3b9f5c2d7e44";
    const lines = await hashedOf([
      delivery({ uuid: "order of ada" }),
      delivery({ uuid }),
      reply("order of ada:onboarding"),
      reply(`${uuid}:onboarding`),
      { at: AT, source: "reply", body: { kind: "opt-out", distinct_id: "ada", topic: "offers", is_out: true } },
    ]);
    const uuids = lines.filter(isEvent).map((line) => eventOf(line).uuid);
    expect(uuids).toEqual([expect.stringMatching(/^e_[0-9a-f]{16}$/), uuid]);
    expect(lines.slice(2).map(({ body }) => body)).toMatchObject([
      { distinct_id: hashId("ada"), transaction_id: `${uuids[0]}:onboarding` },
      { distinct_id: hashId("ada"), transaction_id: `${uuid}:onboarding` },
      { distinct_id: hashId("ada"), topic: "offers" },
    ]);
  });

  async function hashedOf(lines: unknown[], context: Parameters<typeof openLines>[3] = {}): Promise<HistoryLine[]> {
    return linesOf((await openLines(folder.path, lines, { plain: false }, context)).file);
  }

  function hashId(id: string): string {
    return pseudonymOf(readFileSync(join(folder.path, "rehearsal", "key"), "utf8").trim(), id);
  }
});

function eventOf(line: HistoryLine) {
  const parsed = eventIn(line as EventLine, names);
  if ("misfit" in parsed) throw new Error(parsed.misfit);
  return parsed.event;
}

/** The effects of an event, without the values that a hashed history replaces. `hashId` gives the ids of the plain one. */
function effects(line: HistoryLine, hashId = (id: string) => id) {
  const {
    starts,
    exits,
    profiles = [],
    merges = [],
    mergeRequests = [],
    traits = [],
    problems,
  } = route({
    ...eventOf(line),
    receivedAt: AT,
  });
  const id = (text: string) => (/^(undefined|\$)/.test(text) ? text : hashId(text));
  const fields = (object: object) =>
    Object.entries(object)
      .map(([name, value]) => [name, kindOf(name, value)])
      .sort();
  const found = {
    starts: starts.map(({ run, to, ...start }) => ({
      ...start,
      run: { ...run, distinctId: id(run.distinctId), snapshot: fields(run.snapshot), transactionId: "", eventUuid: "" },
      to: fields(to),
    })),
    exits: exits.map((exit) => ({ ...exit, distinctId: id(exit.distinctId), eventUuid: "" })),
    profiles: profiles.map(({ subscriber, occurredAt, source }) => [fields(subscriber), occurredAt, source]),
    merges: merges.map((merge) => ({ ...merge, previousId: id(merge.previousId), currentId: id(merge.currentId) })),
    mergeRequests: mergeRequests.map((merge) => ({
      ...merge,
      ...{ previousId: id(merge.previousId), currentId: id(merge.currentId), eventUuid: "" },
    })),
    traits: traits.map(({ properties, ...one }) => ({
      ...one,
      distinctId: id(one.distinctId),
      person: personOf(properties),
    })),
    problems,
  };
  return JSON.parse(JSON.stringify(found).replace(/[^"\s]+@example\.com/g, "an address"));

  function personOf(raw: Record<string, unknown>) {
    const { properties, unreadable } = readPerson(raw);
    return [fields(properties), unreadable.sort(), Object.keys(raw).sort()];
  }
}

/** A value that stays, or its kind. */
function kindOf(name: string, value: unknown): unknown {
  const isReplaced = /^(subscriberId|email|name|first_?name|last_?name|phone|avatar)$/i.test(name);
  if (isReplaced) return value === null ? null : typeof value;
  if (name === "locale") {
    const { language = "none", baseName } = readLocale(String(value)) ?? {};
    return language.length > 3 ? "none" : baseName;
  }
  if (/time_?zone$/i.test(name)) return isTimeZone(String(value)) ? value : "none";
  return typeof value === "object" && value !== null && !Array.isArray(value) ? "an object" : value;
}
