import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type LocalPostHog, openLocalPostHog } from "../../../src/sandbox/local-posthog/local-posthog.ts";
import { createVirtualClock, type VirtualClock } from "../../../src/sandbox/virtual-clock.ts";
import { createPostHogQueries } from "../../../src/sources/posthog/queries.ts";

const SINCE = Date.parse("2026-03-01T09:00:00.000Z");
const UNTIL = Date.parse("2026-03-04T09:00:00.000Z");

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

describe("the people who are inactive at PostHog", () => {
  it("is read page by page, each person once, however many left at one moment", async () => {
    const left = [
      "2026-03-01T09:00:00.000Z",
      ...Array.from({ length: 5 }, () => "2026-03-02T09:00:00.000Z"),
      ...Array.from({ length: 5 }, (_, index) => `2026-03-02T09:00:00.00000${index + 1}Z`),
      "2026-03-04T08:59:59.999999Z",
    ];
    for (const [index, timestamp] of left.entries()) {
      const distinctId = `gone-${index}`;
      posthog.capture({ event: "seen", distinctId, timestamp: "2026-03-01T09:00:00.000Z" });
      posthog.capture({ event: "seen", distinctId, timestamp });
      posthog.capture({ event: "notification sent", distinctId, timestamp: "2026-03-20T09:00:00.000Z" });
    }
    posthog.capture({ event: "seen", distinctId: "before", timestamp: "2026-03-01T08:59:59.999999Z" });
    posthog.capture({ event: "seen", distinctId: "back", timestamp: "2026-03-02T09:00:00.000Z" });
    posthog.capture({ event: "seen", distinctId: "back", timestamp: "2026-03-04T09:00:00.000Z" });

    for (const pageSize of [1, 2, 5, 500]) {
      const pages = await readAll(pageSize);
      expect(Math.max(...pages.map((page) => page.length))).toBeLessThanOrEqual(pageSize);
      const read = pages.flat();
      expect(read.map(({ distinctId }) => distinctId).sort()).toEqual(left.map((_, index) => `gone-${index}`).sort());
      expect(read.map(({ lastSeenAt }) => lastSeenAt)).toEqual(left.map((time) => new Date(time).toISOString()));
    }
  });

  it("is not guessed at: a page that comes again ends it", async () => {
    posthog.injectFault(() => ({
      status: 200,
      body: { results: [["ada", "2026-03-02T09:00:00Z", "p"]] },
    }));
    await expect(readAll(1)).rejects.toThrow("the same page again");
    posthog.injectFault(() => ({ status: 200, body: { results: [["ada", "2026-03-02 09:00:00", "p"]] } }));
    await expect(readAll(1)).rejects.toThrow("cannot be read: results.0.1");
  });
});

async function readAll(pageSize: number) {
  const access = { apiHost: posthog.url, projectId: "1", personalApiKey: "phx_1" };
  const { absences } = createPostHogQueries(access, { pageSize });
  const pages = [];
  const signal = new AbortController().signal;
  for await (const page of absences({ sessions: ["seen"], since: SINCE, until: UNTIL }, signal)) pages.push(page);
  return pages;
}
