import { describe, expect, it } from "vitest";
import type { PersonSource } from "../../../src/contracts/person.ts";
import { type LocalSegment, openLocalSegment } from "../../../src/sandbox/local-segment/local-segment.ts";
import { createVirtualClock } from "../../../src/sandbox/virtual-clock.ts";
import { segmentProfiles } from "../../../src/sources/segment/profiles.ts";
import { eventually } from "../../support/sandbox.ts";
import { keepsToThePromises, type OpenPlace } from "./person-promises.ts";

const KEYS = { segmentWriteKey: "write-key", segmentSpaceId: "spa_1", segmentProfileToken: "profile-token" };
const BASIC = Buffer.from(`${KEYS.segmentProfileToken}:`).toString("base64");

describe("persons from Segment", () => {
  keepsToThePromises({
    open: openPlace,
    known: {
      there: {
        plan: "pro",
        firstName: "Ada",
        lastName: "Lovelace",
        timezone: "Europe/London",
        onboardingCompleted: true,
      },
      here: {
        ...{ plan: "pro", name: "Ada Lovelace", first_name: "Ada", last_name: "Lovelace" },
        ...{ $timezone: "Europe/London", onboarding_completed: true },
      },
    },
    hints: {
      key: "SEGMENT_PROFILE_TOKEN",
      scope: "SEGMENT_PROFILE_TOKEN",
      project: "SEGMENT_SPACE_ID",
      host: "SEGMENT_PROFILE_HOST",
    },
  });

  it("are asked for what is declared only, and for all of it", async () => {
    await using opened = await openPlace();
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`a_${index}`, index]));
    opened.know("ada", { ...many, plan: "pro", lastActiveAt: "2026-03-02T09:00:00Z" });
    expect((await opened.place.read(["ada"], AbortSignal.timeout(5_000))).get("ada")).toEqual({
      properties: { plan: "pro", last_active_at: "2026-03-02T09:00:00.000Z" },
      unreadable: [],
    });
  });

  it("are asked for twenty at a time", async () => {
    await using opened = await openPlace();
    const { place, segment } = opened;
    segment.injectFault(() => ({ delayMs: 60_000 }));
    const controller = new AbortController();
    const reading = expect(place.read(someIds(place), controller.signal)).rejects.toThrow("enough");
    await eventually(() => segment.reads.inProgress >= 20);
    controller.abort(new Error("enough"));
    await reading;
    expect(segment.reads).toMatchObject({ calls: 20, mostInProgress: 20 });

    segment.injectFault(null);
    await place.read(someIds(place), AbortSignal.timeout(5_000));
    expect(segment.reads.calls).toBe(20 + place.mostAtOnce);
  });

  it("are not asked for any longer once one read has failed", async () => {
    await using opened = await openPlace();
    const { place, segment } = opened;
    segment.injectFault(() => (segment.reads.calls === 3 ? { status: 500 } : { delayMs: 60_000 }));
    await expect(place.read(someIds(place), AbortSignal.timeout(60_000))).rejects.toThrow("answered 500");
    await eventually(() => segment.reads.inProgress === 0);
    expect(segment.reads.calls).toBeLessThanOrEqual(20);
  });

  it("are asked for again later when the space has no reads left", async () => {
    await using opened = await openPlace();
    opened.know("ada", { plan: "pro" });
    opened.segment.limits.readsLeft = 1;
    const read = () => opened.place.read(["ada"], AbortSignal.timeout(5_000));
    expect((await read()).size).toBe(1);
    await expect(read()).rejects.toMatchObject({ name: "RetryLaterError", retryAfterMs: 5_000 });
  });
});

function someIds({ mostAtOnce }: PersonSource): string[] {
  return Array.from({ length: mostAtOnce }, (_, index) => `person-${index}`);
}

async function openPlace(): Promise<OpenPlace & { segment: LocalSegment }> {
  const clock = createVirtualClock({ startAt: 0, flowing: false });
  const segment = await openLocalSegment({ ...KEYS, clock, port: 0 });
  const placeWith: OpenPlace["placeWith"] = ({ key = KEYS.segmentProfileToken, project = KEYS.segmentSpaceId }) =>
    segmentProfiles({ host: segment.url, spaceId: project, token: key });
  return {
    segment,
    place: placeWith({}),
    placeWith,
    know: (userId, traits) => void segment.send({ type: "identify", userId, traits }),
    injectFault: segment.injectFault,
    secrets: [...Object.values(KEYS), BASIC],
    async [Symbol.asyncDispose]() {
      clock.stop();
      await segment.close(0);
    },
  };
}
