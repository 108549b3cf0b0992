import { setTimeout as sleep } from "node:timers/promises";
import express from "express";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Listening, serve } from "../../../src/lib/server.ts";
import { createPersonLookup } from "../../../src/sources/person-reader.ts";
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
  const source = postHogPersons({ apiHost: server.url, projectId: "7", personalApiKey: "phx_1" });
  return createPersonLookup({ source, now: () => now });
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

  it("is not found when PostHog has no person with the id", async () => {
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

  it("is asked for in five reads of a thousand that come in many turns of the event loop, a few at first", async () => {
    const read = lookup();
    const asked: Array<ReturnType<typeof read>> = [];
    while (asked.length < 1_000) {
      const ofTurn = Math.min(asked.length < 10 ? 2 : 30, 1_000 - asked.length);
      for (let index = 0; index < ofTurn; index += 1) asked.push(read(`person-${asked.length}`));
      await new Promise(setImmediate);
    }
    await Promise.all(asked);
    expect(batches.map(({ length }) => length)).toEqual([200, 200, 200, 200, 200]);
  });

  it("is asked for in full reads, also where few wait after a full read and the others come a little later", async () => {
    const read = lookup();
    const asked: Array<ReturnType<typeof read>> = [];
    const askUntil = (count: number) => {
      while (asked.length < count) asked.push(read(`person-${asked.length}`));
    };
    const othersCame = new Promise<void>((resolve) => {
      onRead = () => void sleep(40).then(() => resolve(askUntil(400)));
    });
    askUntil(203);
    await othersCame;
    await Promise.all(asked);
    expect(batches.map(({ length }) => length)).toEqual([200, 200]);
  });

  it("is asked for with those who come a little later, where several wait", async () => {
    const read = lookup();
    const asked = [read("ada"), read("grace")];
    await sleep(5);
    asked.push(read("alan"));
    await Promise.all(asked);
    expect(batches).toEqual([["ada", "grace", "alan"]]);
  });

  it("is asked for with a call that was on its way, where the process was busy for all of the time to wait", async () => {
    const read = lookup();
    const asked = [read("ada"), read("grace")];
    await sleep(5);
    const call = async () => {
      for (let turns = 0; turns < 10; turns += 1) await new Promise(setImmediate);
      return read("alan");
    };
    asked.push(call());
    for (const busyUntil = performance.now() + 50; performance.now() < busyUntil; );
    await Promise.all(asked);
    expect(batches).toEqual([["ada", "grace", "alan"]]);
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
