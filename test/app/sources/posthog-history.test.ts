import express from "express";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { serve } from "../../../src/lib/server.ts";
import { type LocalPostHog, openLocalPostHog } from "../../../src/sandbox/local-posthog/local-posthog.ts";
import { createVirtualClock, type VirtualClock } from "../../../src/sandbox/virtual-clock.ts";
import { createPostHogQueries, type PageOfHistory } from "../../../src/sources/posthog/queries.ts";

const SINCE = Date.parse("2026-03-01T09:00:00.000Z");
const UNTIL = Date.parse("2026-03-04T09:00:00.000Z");
const SIGNAL = new AbortController().signal;

let posthog: LocalPostHog;
let clock: VirtualClock;

beforeEach(async () => {
  clock = createVirtualClock({ startAt: 0, flowing: false });
  posthog = await openLocalPostHog({ projectToken: "phc_1", personalApiKey: "phx_1", clock, port: 0 });
});
afterEach(async () => {
  clock.stop();
  await posthog.close(0);
});

describe("PostHog's history", () => {
  it("is read page by page, each event once, however many share a moment", async () => {
    const times = [
      "2026-03-01T09:00:00.000Z",
      ...Array.from({ length: 7 }, () => "2026-03-02T09:00:00.000Z"),
      ...Array.from({ length: 7 }, (_, index) => `2026-03-02T09:00:00.00000${index + 1}Z`),
      ...Array.from({ length: 4 }, () => "2026-03-02T09:00:00.000009Z"),
      // Where one day's slice ends and the next begins.
      "2026-03-03T08:59:59.999999Z",
      "2026-03-03T09:00:00.000Z",
      "2026-03-04T08:59:59.999999Z",
    ];
    const uuids = times.map((timestamp) => posthog.capture({ event: "e", distinctId: "ada", timestamp }));
    for (const timestamp of ["2026-03-01T08:59:59.999999Z", "2026-03-04T09:00:00.000Z"])
      posthog.capture({ event: "e", distinctId: "ada", timestamp });
    posthog.capture({ event: "another", distinctId: "ada", timestamp: "2026-03-02T09:00:00.000Z" });

    for (const pageSize of [1, 3, 7, 500]) {
      const pages = await readAll({ pageSize });
      const read = pages.flatMap(({ events }) => events.map(({ uuid }) => uuid));
      expect(read).toHaveLength(uuids.length);
      expect(new Set(read)).toEqual(new Set(uuids));
      expect(Math.max(...pages.map(({ events }) => events.length))).toBeLessThanOrEqual(pageSize);
      const readUntil = pages.map((page) => page.readUntil);
      expect(readUntil).toEqual([...readUntil].sort((a, b) => a - b));
      expect(readUntil.at(-1)).toBe(UNTIL);
    }
  });

  it("has the same event as the webhook", async () => {
    const facts = { event: "e", distinctId: "ada", uuid: "0190f1d2-6a4b-7c1e-8f00-3b9f5c2d7e44" };
    const timestamp = "2026-03-02T09:00:00.123456Z";
    posthog.capture({ ...facts, timestamp, properties: { seats: 3, $set: { plan: "pro" } } });
    posthog.setPerson("ada", { plan: "free" });
    const [event] = (await readAll({})).flatMap(({ events }) => events);
    expect(event).toMatchObject({ name: "e", distinctId: "ada", occurredAt: "2026-03-02T09:00:00.123Z" });
    expect(JSON.parse(event!.body)).toEqual({
      event: {
        uuid: facts.uuid,
        event: "e",
        distinct_id: "ada",
        properties: { seats: 3, $set: { plan: "pro" } },
        timestamp: "2026-03-02T09:00:00.123Z",
      },
      person: { id: expect.any(String), properties: { plan: "pro" } },
    });
  });

  it.each([
    [401, "personal key (phx_…) of this region"],
    [403, "scope query:read"],
    [404, "POSTHOG_PROJECT_ID"],
  ])("says on %i what to look at", async (status, hint) => {
    posthog.injectFault(() => ({ status }));
    await expect(readAll({})).rejects.toThrow(hint);
  });

  it("passes on what PostHog says against the query", async () => {
    posthog.injectFault(() => ({ status: 400, body: { detail: "the query is too slow" } }));
    await expect(readAll({})).rejects.toThrow("PostHog answered 400: the query is too slow");
  });

  it("waits as long as PostHog asks, and comes back another day rather than for hours", {
    tags: ["long"],
  }, async () => {
    posthog.capture({ event: "e", distinctId: "ada", timestamp: "2026-03-02T09:00:00.000Z" });
    let refusals = 2;
    posthog.injectFault(() => (refusals-- > 0 ? { status: 429, headers: { "retry-after": "1" } } : null));
    const pauses: unknown[] = [];
    expect(await readAll({ onPause: (pause) => pauses.push(pause) })).toHaveLength(3);
    expect(pauses).toEqual(Array(2).fill({ why: "PostHog answered 429", pauseMs: 1_000 }));

    posthog.injectFault(() => ({ status: 429, headers: { "retry-after": "3600" } }));
    await expect(readAll({})).rejects.toThrow("try again in 60 minutes");
  });

  it("can be interrupted while it waits", async () => {
    posthog.injectFault(() => ({ status: 503, headers: { "retry-after": "60" } }));
    const interruption = new AbortController();
    const reading = readAll({ signal: interruption.signal, onPause: () => interruption.abort(new Error("enough")) });
    await expect(reading).rejects.toThrow("enough");
  });

  describe("in other words", () => {
    const row = ["u", "e", "ada", "2026-03-02T10:00:00.5+01:00", { seats: 3 }, null, null];

    it("is parsed: properties as objects, times of a zone, anonymous events", async () => {
      await using other = await answering([row]);
      const [event] = (await readAll({ apiHost: other.url })).flatMap(({ events }) => events);
      expect(JSON.parse(event!.body)).toEqual({
        event: {
          uuid: "u",
          event: "e",
          distinct_id: "ada",
          properties: { seats: 3 },
          timestamp: "2026-03-02T09:00:00.500Z",
        },
        person: null,
      });
    });

    it("is refused where it would be guesswork, and does not go round in circles", async () => {
      await using withoutZone = await answering([row.with(3, "2026-03-02 10:00:00.5")]);
      await expect(readAll({ apiHost: withoutZone.url })).rejects.toThrow("cannot be read: results.0.3");
      await using same = await answering([row]);
      await expect(readAll({ apiHost: same.url, pageSize: 1 })).rejects.toThrow("the same page again");
    });
  });
});

async function readAll({
  apiHost = posthog.url,
  pageSize = 500,
  signal = SIGNAL,
  onPause,
}: {
  apiHost?: string;
  pageSize?: number;
  signal?: AbortSignal;
  onPause?: (pause: unknown) => void;
}): Promise<PageOfHistory[]> {
  const { history } = createPostHogQueries({ apiHost, projectId: "1", personalApiKey: "phx_1" }, { pageSize });
  const pages: PageOfHistory[] = [];
  for await (const page of history({ events: ["e"], since: SINCE, until: UNTIL }, { signal, onPause }))
    pages.push(page);
  return pages;
}

/** A PostHog that answers each query with the same rows. */
async function answering(results: unknown[]) {
  const server = await serve(
    express().use((_request, response) => {
      response.json({ results });
    }),
    { port: 0 },
  );
  return { url: server.url, [Symbol.asyncDispose]: () => server.close(0) };
}
