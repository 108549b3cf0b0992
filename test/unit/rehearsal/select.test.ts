import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { event } from "../../../src/engine/event.ts";
import { lifecycle } from "../../../src/engine/lifecycle.ts";
import type { HistoryLine } from "../../../src/rehearsal/history.ts";
import { factsOf, readingOf } from "../../../src/rehearsal/inputs/people.ts";
import { shardHistory } from "../../../src/rehearsal/inputs/select.ts";
import { testFolder } from "../../support/folder.ts";
import { linesOf, openLines, postHogBody } from "../../support/history.ts";
import { testProduct } from "../../support/product/product.ts";
import { segmentEvent } from "../../support/segment.ts";

const START = Date.UTC(2026, 2, 2, 9);
const DAY = 86_400_000;
const at = (days: number) => new Date(START + days * DAY).toISOString();
const reading = readingOf(testProduct);
const of = (line: HistoryLine) => factsOf(line, reading)!;

describe("the selection of a history", () => {
  let folder: ReturnType<typeof testFolder>;
  beforeEach(() => {
    folder = testFolder();
  });
  afterEach(() => folder[Symbol.dispose]());

  it("begins at --since and ends before --until, with the activity that an absence reaches back to", async () => {
    const bodies = [-31, -29, -1, 0, 1, 2].flatMap((days) => [
      postHogBody({ uuid: `s${days}`, event: "session_started", timestamp: at(days) }),
      postHogBody({ uuid: `u${days}`, timestamp: at(days) }),
    ]);
    const { lines, from, until, events } = await openLines(folder.path, bodies, {
      since: START,
      until: START + 2 * DAY,
    });
    const uuids = lines.map(({ body }) => (body as { event: { uuid: string } }).event.uuid);
    expect(uuids).toEqual(["s-29", "s-1", "s0", "u0", "s1", "u1"]);
    expect([from, until, events]).toEqual([START, START + 2 * DAY, 4]);
  });

  it("keeps the events of one workflow, those about identity, and replies", async () => {
    const reply = {
      at: at(1),
      source: "reply",
      body: { kind: "opt-out", distinct_id: "ada", topic: "all", is_out: true },
    };
    const { lines, people } = await openLines(
      folder.path,
      [
        postHogBody(),
        postHogBody({ event: "checkout_started", distinct_id: "grace" }),
        postHogBody({ event: "$identify", distinct_id: "peter" }),
        segmentEvent({ type: "identify", event: undefined, userId: "mary" }),
        segmentEvent({ event: "User Registered", userId: "jean" }),
        reply,
      ],
      { workflow: "onboarding" },
    );
    expect(lines.map((line) => of(line).ids[0]).sort()).toEqual(["ada", "ada", "jean", "mary", "peter"]);
    expect(people).toBe(2);
  });

  it("names the workflows that there are", async () => {
    await expect(openLines(folder.path, [postHogBody()], { workflow: "onbording" })).rejects.toThrow(
      'there is no workflow "onbording", only onboarding, drop-off',
    );
  });

  it("chooses the same known people each time, with all their ids, and no visitors", async () => {
    const people = Array.from({ length: 40 }, (_, index) => `person-${index}`);
    const bodies = people.flatMap((id, index) => [
      postHogBody({ uuid: `v${index}`, distinct_id: `visitor-${index}`, properties: { $is_identified: false } }),
      postHogBody({ uuid: `u${index}`, distinct_id: id }),
      postHogBody({
        uuid: `i${index}`,
        event: "$identify",
        distinct_id: id,
        properties: { $anon_distinct_id: `visitor-${index}` },
      }),
    ]);
    const first = await openLines(folder.path, bodies, { people: 5 });
    expect([first.people, first.lines.length]).toEqual([5, 15]);
    const other = await openLines(folder.path, bodies.toReversed(), { people: 5 });
    const idsOf = (lines: HistoryLine[]) => [...new Set(lines.flatMap((line) => of(line).ids))].sort();
    expect(idsOf(other.lines)).toEqual(idsOf(first.lines));
    expect((await openLines(folder.path, bodies)).people).toBe(40);
  });

  it("joins nobody by a placeholder", async () => {
    const bodies = ["ada", "grace"].map((distinct_id) =>
      postHogBody({ event: "$identify", distinct_id, properties: { $anon_distinct_id: "undefined" } }),
    );
    expect((await openLines(folder.path, bodies)).people).toBe(2);
  });

  it.each<[string, (id: string, previous: string) => object]>([
    [
      "$identify",
      (distinct_id, id) => postHogBody({ event: "$identify", distinct_id, properties: { $anon_distinct_id: id } }),
    ],
    [
      "$create_alias",
      (distinct_id, alias) => postHogBody({ event: "$create_alias", distinct_id, properties: { alias } }),
    ],
    [
      "$merge_dangerously",
      (distinct_id, alias) => postHogBody({ event: "$merge_dangerously", distinct_id, properties: { alias } }),
    ],
    [
      "Segment's alias",
      (userId, previousId) => segmentEvent({ type: "alias", userId, previousId, timestamp: at(0), receivedAt: at(0) }),
    ],
    [
      "Segment's identify",
      (userId, anonymousId) => segmentEvent({ type: "identify", userId, anonymousId, receivedAt: at(0) }),
    ],
  ])("splits between persons, whose ids %s joins", async (_what, joining) => {
    const chain = ["a", "b", "c", "d"];
    const bodies = [
      ...["x", "y", "z", ...chain].map((distinct_id) => postHogBody({ uuid: distinct_id, distinct_id })),
      ...chain.slice(1).map((id, index) => joining(id, chain[index]!)),
    ];
    const { file } = await openLines(folder.path, bodies);
    const [first, second] = (await shardHistory(file, 2, reading)).map(linesOf);
    expect([first?.length, second?.length]).toEqual([7, 3]);
    expect(new Set(first?.flatMap((line) => of(line).ids))).toEqual(new Set(chain));
  });

  it("keeps the recipients of an event together with its person, and hides their ids", async () => {
    const product = {
      ...testProduct,
      workflows: [
        lifecycle({
          ...{ id: "invoice", name: "Invoice", description: "", category: "transactional" },
          on: [event("invoice_failed")],
          payload: z.object({}),
          from: () => ({}),
          recipients: ({ properties }) => properties.admin_ids,
          workflow: async () => {},
        }),
      ],
    };
    const bodies = ["1", "2"].flatMap((account) => [
      postHogBody({
        ...{ uuid: `f${account}`, event: "invoice_failed", distinct_id: `billing-${account}` },
        properties: {
          admin_ids: [`grace-${account}@example.com`, ` bob-${account} `, `4${account}`, Number(`7${account}`)],
        },
      }),
      ...[`grace-${account}@example.com`, `bob-${account}`, `4${account}`, `7${account}`].map((distinct_id) =>
        postHogBody({ uuid: distinct_id, event: "$set", distinct_id, properties: { $set: { plan: "pro" } } }),
      ),
    ]);
    for (const plain of [true, false]) {
      const { file, people } = await openLines(folder.path, bodies, { plain }, { product });
      expect(people).toBe(10);
      const shards = (await shardHistory(file, 2, readingOf(product))).map(linesOf);
      expect(shards.map((lines) => lines.length)).toEqual([5, 5]);
      const { linksOf } = readingOf(product);
      for (const lines of shards) {
        const facts = lines.map((line) => factsOf(line, { names: testProduct.segmentNames, linksOf })!);
        const listed = facts.flatMap(({ links }) => links);
        expect(listed).toHaveLength(4);
        expect(facts.flatMap(({ ids }) => ids)).toEqual(expect.arrayContaining(listed));
        if (!plain) expect(JSON.stringify(lines)).not.toMatch(/grace|bob|"4\d"|7\d[\],]/);
      }
    }
  });

  it("keeps people together who may end each other's runs, and keeps the lines of both", async () => {
    const product = {
      ...testProduct,
      workflows: [
        lifecycle({
          ...{ id: "invite", name: "Invite", description: "", category: "transactional" },
          on: [event("friend_invited")],
          exitOn: [
            event("invite_accepted", { same: { payload: "invited", event: "id" }, of: "anyone" }),
            event("invite_revoked", { same: "place" }),
          ],
          payload: z.object({ invited: z.coerce.string(), place: z.string() }),
          from: ({ properties }) => ({ invited: properties.id, place: "the same for all" }),
          workflow: async () => {},
        }),
      ],
    };
    const invites = ["1", "2", "3", "4"].flatMap((id) => [
      postHogBody({
        uuid: `i${id}`,
        event: "friend_invited",
        distinct_id: `ada-${id}`,
        properties: { id: Number(id) },
      }),
      postHogBody({ uuid: `a${id}`, event: "invite_accepted", distinct_id: `grace-${id}`, properties: { id } }),
    ]);
    const idsIn = (lines: HistoryLine[]) => [...new Set(lines.flatMap((line) => of(line).ids))];
    for (const plain of [true, false]) {
      const { file, people } = await openLines(folder.path, invites, { plain }, { product });
      expect(people).toBe(8);
      const shards = (await shardHistory(file, 4, readingOf(product))).map(linesOf);
      expect(shards.map((shard) => idsIn(shard).length)).toEqual([2, 2, 2, 2]);
      for (const shard of shards) {
        const uuids = shard.map(({ body }) => (body as { event: { uuid: string } }).event.uuid.slice(1));
        if (plain) expect(new Set(uuids).size).toBe(1);
      }
      const one = await openLines(folder.path, invites, { plain, people: 1 }, { product });
      expect([one.people, idsIn(one.lines).length]).toEqual([1, 2]);
    }
  });

  it("loses no line by the split, keeps the order, and never separates two ids of a person", async () => {
    const id = fc.constantFrom(..."abcdefgh");
    const entry = fc.record({ id, previous: id, minute: fc.integer({ min: 0, max: 20 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { minLength: 1, maxLength: 30 }), async (entries) => {
        const bodies = entries.map(({ id, previous, minute }, index) =>
          postHogBody({
            uuid: `u${index}`,
            event: index % 3 === 0 ? "$create_alias" : "user_signed_up",
            distinct_id: id,
            timestamp: new Date(START + minute * 60_000).toISOString(),
            properties: index % 3 === 0 ? { alias: previous } : {},
          }),
        );
        const { file, lines } = await openLines(folder.path, bodies);
        const shards = (await shardHistory(file, 3, reading)).map(linesOf);
        expect(
          shards
            .flat()
            .map((line) => JSON.stringify(line))
            .sort(),
        ).toEqual(lines.map((line) => JSON.stringify(line)).sort());
        for (const shard of shards) expect(shard.map((line) => line.at)).toEqual(shard.map((line) => line.at).sort());
        for (const line of lines) {
          const [one = "", other = one] = of(line).ids;
          const holding = (wanted: string) =>
            shards.findIndex((shard) => shard.some((entry) => of(entry).ids.includes(wanted)));
          expect(holding(one)).toBe(holding(other));
        }
      }),
      { numRuns: 40 },
    );
  });
});
