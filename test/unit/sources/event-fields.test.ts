import { describe, expect, it } from "vitest";
import { z } from "zod";
import { DistinctId, EventId, isoTime, pathsOf } from "../../../src/sources/event-fields.ts";

describe("isoTime", () => {
  const NOW = "2026-03-02T10:00:00.000Z";
  const AT = "2026-03-02T09:00:00.000Z";
  const TIMES: Array<[timestamp: string | null | undefined, time: string]> = [
    ["2026-03-02T09:00:00.000Z", AT],
    ["2026-03-02T10:00:00+01:00", AT],
    ["2026-03-02T04:00:00-0500", AT],
    ["2026-03-02 11:00:00+02", AT],
    ["2026-03-02 09:00:00.000000+00:00", AT],
    ["2026-03-02 09:00:00 UTC", AT],
    ["Mon, 02 Mar 2026 09:00:00 GMT", AT],
    ["2026-02-30T09:00:00.000Z", AT],
    ["Mon Mar 02 2026 10:00:00 GMT+0100 (Central European Time)", AT],

    // Without a zone.
    ["2026-03-02T09:00:00", AT],
    ["2026-03-02T09:00:00.000", AT],
    ["2026-03-02T09:00", AT],
    ["2026-03-02 09:00:00", AT],
    [" 2026-03-02 09:00:00.000 ", AT],
    ["Mar 2, 2026 09:00:00", AT],
    ["2026-03-02", "2026-03-02T00:00:00.000Z"],

    // At most now.
    ["2026-03-02T09:59:59.999Z", "2026-03-02T09:59:59.999Z"],
    [NOW, NOW],
    ["2026-03-02T10:00:00.001Z", NOW],
    ["2026-03-02T10:30:00.000Z", NOW],
    ["2026-03-16T10:00:00.000Z", NOW],
    ["9999-12-31T23:59:59.000Z", NOW],
    ["+275760-09-13T00:00:00.000Z", NOW],

    // None that can be used.
    ["0000-01-01T00:00:00.000Z", NOW],
    ["1969-12-31T23:59:59.999Z", NOW],
    ["2026-03-00T09:00:00.000Z", NOW],
    ["2026-13-01T09:00:00.000Z", NOW],
    ["yesterday", NOW],
    ["99999", NOW],
    ["", NOW],
    [null, NOW],
    [undefined, NOW],
  ];

  describe.each(["UTC", "America/New_York", "Asia/Kolkata"])("in a process in %s", (zone) => {
    it.each(TIMES)("%j is %s", (timestamp, time) => {
      const { TZ } = process.env;
      process.env.TZ = zone;
      try {
        expect(isoTime(timestamp, Date.parse(NOW))).toBe(time);
      } finally {
        if (TZ === undefined) delete process.env.TZ;
        else process.env.TZ = TZ;
      }
    });
  });
});

describe("an event's id", () => {
  const uuid = "0190f1d2-6a4b-7c1e-8f00-3b9f5c2d7e44";

  it.each([
    [uuid.toUpperCase(), uuid],
    ["0190F1d2-6a4B-7c1e-8f00-3b9f5c2d7E44", uuid],
    [uuid, uuid],
    [`node-next-${uuid.toUpperCase()}`, `node-next-${uuid.toUpperCase()}`],
    [`{${uuid.toUpperCase()}}`, `{${uuid.toUpperCase()}}`],
    [uuid.toUpperCase().replaceAll("-", ""), uuid.toUpperCase().replaceAll("-", "")],
    ["Message-1", "Message-1"],
  ])("%s is kept as %s", (id, kept) => {
    expect(EventId.parse(id)).toBe(kept);
  });
});

describe("a distinct id", () => {
  const Body = z.object({ user: z.object({ id: DistinctId }) });
  const why = (id: unknown) => pathsOf(Body.safeParse({ user: { id } }).error ?? new z.ZodError([]));

  it.each([
    ["ada", "ada"],
    ["157963456373623801", "157963456373623801"],
    [42, "42"],
    [0, "0"],
    [-1, "-1"],
    [9007199254740991, "9007199254740991"],
  ])("%j is %s", (id, text) => {
    expect(Body.parse({ user: { id } }).user.id).toBe(text);
  });

  it.each([JSON.parse("157963456373623801"), 9007199254740992, -9007199254740992, 1e21, 1.5])(
    "%d is refused with the way out, and not repeated",
    (id) => {
      expect(why(id)).toBe(
        "user.id is a number that is not a safe integer, so its digits may be wrong: send it as text",
      );
    },
  );

  it.each([
    [undefined, "user.id missing or not of the expected type"],
    [true, "user.id missing or not of the expected type"],
    ["a\0b", "user.id missing or not of the expected type"],
    ["a".repeat(201), "user.id longer than 200 characters"],
  ])("%j is refused: %s", (id, reason) => {
    expect(why(id)).toBe(reason);
  });
});
