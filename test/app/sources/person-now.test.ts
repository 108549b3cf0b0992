import { setTimeout as sleep } from "node:timers/promises";
import express from "express";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { PersonSource, PersonSources } from "../../../src/contracts/person.ts";
import type { Run } from "../../../src/contracts/run.ts";
import { createLog } from "../../../src/lib/log.ts";
import { type Listening, serve } from "../../../src/lib/server.ts";
import { createPersonLookup, createPersonNow, createPersonReader } from "../../../src/sources/person-now.ts";
import { postHogPersons } from "../../../src/sources/posthog/persons.ts";

let server: Listening;
let batches: string[][] = [];
let answer: { status: number; headers?: Record<string, string>; body?: unknown } | null = null;
let answersAfterMs = 0;
let onRead = () => {};
let now = 0;

beforeEach(async () => {
  batches = [];
  answer = null;
  answersAfterMs = 0;
  onRead = () => {};
  now = 0;
  const app = express()
    .use(express.json({ limit: "5mb" }))
    .post("/api/projects/7/persons/batch_by_distinct_ids/", async (request, response) => {
      const { distinct_ids: ids } = request.body as { distinct_ids: string[] };
      batches.push(ids);
      onRead();
      await sleep(answersAfterMs);
      if (answer !== null)
        return void response
          .status(answer.status)
          .set(answer.headers ?? {})
          .json(answer.body ?? {});
      const known = ids.filter((id) => !id.startsWith("unknown"));
      response.json({
        results: Object.fromEntries(
          known.map((id) => [id, { id: 1, properties: { email: `${id}@example.com`, plan: 5 } }]),
        ),
      });
    });
  server = await serve(app, { port: 0 });
});
afterEach(() => server.close());

function lookup() {
  const place = postHogPersons({ apiHost: server.url, projectId: "7", personalApiKey: "phx_1" });
  return createPersonLookup({ place, now: () => now });
}

describe("the person at this moment", () => {
  it("is found, with what is declared and fits", async () => {
    expect(await lookup()("ada")).toEqual({
      outcome: "found",
      properties: { email: "ada@example.com", plan: "5" },
      unreadable: [],
      asOf: 0,
    });
  });

  it("is as of when the read began", async () => {
    const read = lookup();
    onRead = () => {
      now = 500;
    };
    for (const _ of ["read", "remembered"]) expect(await read("ada")).toMatchObject({ asOf: 0 });
  });

  it("is not found when PostHog knows nobody by the id", async () => {
    expect(await lookup()("unknown")).toEqual({ outcome: "not found" });
  });

  it("is unavailable, which is not the same", async () => {
    answer = { status: 500 };
    expect(await lookup()("ada")).toEqual({ outcome: "unavailable", why: "PostHog answered 500" });
  });

  it("is asked for in batches of at most 200, and once", async () => {
    const read = lookup();
    const ids = Array.from({ length: 450 }, (_, index) => `person-${index % 420}`);
    const results = await Promise.all(ids.map((id) => read(id)));
    expect(results.every(({ outcome }) => outcome === "found")).toBe(true);
    expect(batches.map(({ length }) => length)).toEqual([200, 200, 20]);
  });

  it("is asked for with the rest of a crowd that comes one after the other", async () => {
    const read = lookup();
    answersAfterMs = 20;
    const asked: Array<ReturnType<typeof read>> = [];
    while (asked.length < 1_000) {
      for (let index = 0; index < 20; index += 1) asked.push(read(`person-${asked.length}`));
      await sleep(10);
    }
    expect((await Promise.all(asked)).every(({ outcome }) => outcome === "found")).toBe(true);
    // Five would do, of those who come at one moment.
    expect(batches.length).toBeLessThanOrEqual(8);
  });

  it("is asked for in five reads of a thousand at once", async () => {
    const read = lookup();
    await Promise.all(Array.from({ length: 1_000 }, (_, index) => read(`person-${index}`)));
    expect(batches.map(({ length }) => length)).toEqual([200, 200, 200, 200, 200]);
  });

  it("is remembered for a moment, but not longer", async () => {
    const read = lookup();
    await read("ada");
    await read("ada");
    expect(batches).toHaveLength(1);
    now += 1_000;
    await read("ada");
    expect(batches).toHaveLength(2);
  });

  it("is not remembered as unavailable", async () => {
    const read = lookup();
    answer = { status: 500 };
    await read("ada");
    answer = null;
    expect((await read("ada")).outcome).toBe("found");
  });

  it("is not asked for again while PostHog wants a pause", async () => {
    const read = lookup();
    answer = { status: 429, headers: { "retry-after": "60" } };
    await read("ada");
    answer = null;
    expect(await read("grace")).toEqual({ outcome: "unavailable", why: "PostHog asked for a pause" });
    expect(batches).toHaveLength(1);
  });

  it("goes on reading after a failure", async () => {
    const read = lookup();
    answer = { status: 500 };
    const first = read("ada");
    await first;
    answer = null;
    expect(await Promise.all(["ada", "grace"].map((id) => read(id)))).toMatchObject([
      { outcome: "found" },
      { outcome: "found" },
    ]);
  });
});

describe("whom to write to", () => {
  const snapshot = { email: "then@example.com" } as never;
  const then = "2026-03-02T09:00:00.000Z";
  const HOUR_MS = 60 * 60_000;

  type Read = PersonSource["read"];
  const found: Read = async (ids) =>
    new Map(ids.map((id) => [id, { properties: { email: "now@example.com" }, unreadable: [] }]));
  const notFound: Read = async () => new Map();
  const down: Read = async () => Promise.reject(new Error("down"));

  function personNow(
    reads: { posthog?: Read; segment?: Read; own?: Read },
    { source = "posthog" as Run["source"], hoursLater = 0, brought = snapshot as object } = {},
  ) {
    const place = ([name, read]: [string, Read]) => [name, { name, read, mostAtOnce: 10 }] as const;
    const places = Object.fromEntries(
      Object.entries({ own: notFound, ...reads }).map(place),
    ) as unknown as PersonSources;
    const clock = () => Date.parse(then) + hoursLater * HOUR_MS;
    const whom = createPersonNow({
      persons: createPersonReader({ places, now: clock }),
      log: createLog({ level: "silent" }),
    });
    return whom({ transactionId: "t", distinctId: "ada", source, occurredAt: then, snapshot: brought as never });
  }

  it("is the person now, the snapshot when nobody can be asked, or nobody", async () => {
    expect(await personNow({ posthog: found })).toMatchObject({
      source: "posthog",
      properties: { email: "now@example.com" },
    });
    expect(await personNow({ posthog: down })).toMatchObject({
      source: "snapshot",
      properties: { email: "then@example.com" },
    });
    expect(await personNow({ posthog: notFound })).toBeNull();
  });

  it("is asked for where the event came from, or where persons are", async () => {
    const both = { posthog: found, segment: found };
    for (const [reads, source, asked] of [
      [both, "posthog", "posthog"],
      [both, "segment", "segment"],
      [both, "sweep", "posthog"],
      [{ posthog: found }, "segment", "posthog"],
      [{ segment: found }, "sweep", "segment"],
      [{ own: found }, "segment", "own"],
    ] as const)
      expect((await personNow(reads, { source }))?.source, `${Object.keys(reads)} for ${source}`).toBe(asked);
  });

  it("is as told here where a profile may still be made, and nobody when it is gone", async () => {
    const source = "segment";
    expect(await personNow({ segment: notFound, own: found }, { source })).toMatchObject({
      source: "own",
      properties: { email: "now@example.com" },
    });
    expect(await personNow({ segment: notFound, own: found }, { source, hoursLater: 1 })).toBeNull();
    expect(await personNow({ posthog: notFound, own: found }, { source, hoursLater: 1 })).toMatchObject({
      source: "own",
    });
  });

  it("is as told here when whoever knows cannot be asked, because Segment's events bring little of a person along", async () => {
    for (const reads of [{ segment: down }, { posthog: down }])
      expect(await personNow({ ...reads, own: found }, { source: "segment" })).toMatchObject({
        source: "snapshot",
        properties: { email: "now@example.com" },
      });
    expect(await personNow({ segment: down, own: down }, { source: "segment" })).toMatchObject({
      source: "snapshot",
      properties: { email: "then@example.com" },
    });
  });

  it("is nobody whom the store has forgotten since, of all that came with the event", async () => {
    for (const reads of [{}, { posthog: notFound }, { posthog: down }, { segment: notFound }, { segment: down }])
      expect(await personNow(reads, { source: "segment" }), `${JSON.stringify(Object.keys(reads))}`).toBeNull();
    // The store keeps nothing of what others bring along.
    for (const source of ["posthog", "sweep"] as const) expect(await personNow({}, { source })).not.toBeNull();
  });

  it("is as of the event where it told nothing of its person, or the store cannot be read", async () => {
    const source = "segment";
    expect(await personNow({}, { source, brought: {} })).toMatchObject({ source: "own", properties: {} });
    expect(await personNow({ own: down }, { source })).toMatchObject({ source: "snapshot", properties: snapshot });
  });
});
