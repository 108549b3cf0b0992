import { describe, expect, it } from "vitest";
import { whenNotFound, whereToRead } from "../../../src/sources/person-reader.ts";

const HOUR_MS = 3_600_000;

describe("where the person of a run is read", () => {
  it.each([
    ["posthog", ["posthog", "segment"], "posthog"],
    ["segment", ["posthog", "segment"], "segment"],
    ["sweep", ["posthog", "segment"], "posthog"],
    ["posthog", ["segment"], "segment"],
    ["segment", ["posthog"], "posthog"],
    ["sweep", ["segment"], "segment"],
    ["posthog", [], "own"],
    ["segment", [], "own"],
    ["sweep", [], "own"],
  ] as const)("for an event of %s with %j configured: %s", (source, configured, readAt) => {
    expect(whereToRead(source, [...configured])).toBe(readAt);
  });
});

describe("a person that a source does not have", () => {
  it.each([
    ["posthog", "posthog", 0, "deleted"],
    ["posthog", "segment", 0, "deleted"],
    ["sweep", "posthog", 0, "deleted"],
    ["sweep", "segment", 0, "deleted"],
    ["segment", "segment", 0, "read stored"],
    ["segment", "segment", HOUR_MS - 1, "read stored"],
    ["segment", "segment", HOUR_MS, "deleted"],
    ["segment", "posthog", 0, "read stored"],
    ["segment", "posthog", 24 * HOUR_MS, "read stored"],
  ] as const)("after an event of %s, read at %s, %i ms later: %s", (source, readAt, ageMs, then) => {
    expect(whenNotFound({ source, readAt, ageMs })).toBe(then);
  });
});
