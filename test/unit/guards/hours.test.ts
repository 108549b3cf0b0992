import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Hours } from "../../../src/contracts/send.ts";
import { timeZoneOf, untilWindow } from "../../../src/guards/hours.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

describe("untilWindow", () => {
  it.each([
    // An ordinary day: before, at its first moment, within, at its last, after.
    ["Europe/Berlin", "09:00-20:00", "2026-06-10T03:12:45.678+02:00", "2026-06-10T09:00+02:00"],
    ["Europe/Berlin", "09:00-20:00", "2026-06-10T08:59:59.999+02:00", "2026-06-10T09:00+02:00"],
    ["Europe/Berlin", "09:00-20:00", "2026-06-10T09:00+02:00", "now"],
    ["Europe/Berlin", "09:00-20:00", "2026-06-10T19:59:59.999+02:00", "now"],
    ["Europe/Berlin", "09:00-20:00", "2026-06-10T20:00+02:00", "2026-06-11T09:00+02:00"],

    // Over midnight, up to midnight, and all day.
    ["Asia/Tokyo", "20:00-02:00", "2026-06-10T19:00+09:00", "2026-06-10T20:00+09:00"],
    ["Asia/Tokyo", "20:00-02:00", "2026-06-10T23:59:59.999+09:00", "now"],
    ["Asia/Tokyo", "20:00-02:00", "2026-06-10T01:59+09:00", "now"],
    ["Asia/Tokyo", "20:00-02:00", "2026-06-10T02:00+09:00", "2026-06-10T20:00+09:00"],
    ["Asia/Tokyo", "20:00-00:00", "2026-06-10T23:59+09:00", "now"],
    ["Asia/Tokyo", "20:00-24:00", "2026-06-10T23:59+09:00", "now"],
    ["Asia/Tokyo", "20:00-24:00", "2026-06-11T00:00+09:00", "2026-06-11T20:00+09:00"],
    ["Asia/Tokyo", "00:00-24:00", "2026-06-11T00:00+09:00", "now"],

    // Offsets of all kinds, and years that end.
    ["Asia/Kathmandu", "09:00-20:00", "2026-06-10T08:00+05:45", "2026-06-10T09:00+05:45"],
    ["Pacific/Kiritimati", "09:00-20:00", "2026-12-31T21:00+14:00", "2027-01-01T09:00+14:00"],
    ["Pacific/Honolulu", "09:00-20:00", "2026-12-31T21:00-10:00", "2027-01-01T09:00-10:00"],
    ["America/Sao_Paulo", "09:00-20:00", "2026-02-28T20:30-03:00", "2026-03-01T09:00-03:00"],
    ["Africa/Lagos", "09:00-20:00", "2028-02-28T20:30+01:00", "2028-02-29T09:00+01:00"],
    ["Africa/Johannesburg", "09:00-20:00", "2026-06-10T12:00+02:00", "now"],
    ["UTC", "09:00-20:00", "2026-06-10T20:30Z", "2026-06-11T09:00Z"],

    // The night of a change: an hour less or more to wait, north and south, in halves too.
    ["Europe/Berlin", "09:00-20:00", "2026-03-28T21:00+01:00", "2026-03-29T09:00+02:00"],
    ["Europe/Berlin", "09:00-20:00", "2026-10-24T21:00+02:00", "2026-10-25T09:00+01:00"],
    ["America/New_York", "09:00-20:00", "2026-03-07T21:00-05:00", "2026-03-08T09:00-04:00"],
    ["America/New_York", "09:00-20:00", "2026-10-31T21:00-04:00", "2026-11-01T09:00-05:00"],
    ["America/St_Johns", "09:00-20:00", "2026-03-07T21:00-03:30", "2026-03-08T09:00-02:30"],
    ["America/St_Johns", "09:00-20:00", "2026-10-31T21:00-02:30", "2026-11-01T09:00-03:30"],
    ["Australia/Adelaide", "09:00-20:00", "2026-04-04T21:00+10:30", "2026-04-05T09:00+09:30"],
    ["Australia/Adelaide", "09:00-20:00", "2026-10-03T21:00+09:30", "2026-10-04T09:00+10:30"],
    ["Pacific/Chatham", "09:00-20:00", "2026-04-04T21:00+13:45", "2026-04-05T09:00+12:45"],
    ["Pacific/Chatham", "09:00-20:00", "2026-09-26T21:00+12:45", "2026-09-27T09:00+13:45"],
    ["Australia/Lord_Howe", "09:00-20:00", "2026-04-04T21:00+11:00", "2026-04-05T09:00+10:30"],
    ["Australia/Lord_Howe", "09:00-20:00", "2026-10-03T21:00+10:30", "2026-10-04T09:00+11:00"],

    // `from` is skipped: open when the clock has been put forward.
    ["Europe/Berlin", "02:30-20:00", "2026-03-29T01:00+01:00", "2026-03-29T03:00+02:00"],
    ["Europe/Berlin", "02:00-20:00", "2026-03-29T01:59+01:00", "2026-03-29T03:00+02:00"],
    ["Australia/Lord_Howe", "02:15-20:00", "2026-10-04T01:00+10:30", "2026-10-04T02:30+11:00"],
    ["Pacific/Chatham", "03:00-20:00", "2026-09-27T02:00+12:45", "2026-09-27T03:45+13:45"],
    ["America/Santiago", "00:00-08:00", "2026-09-05T22:00-04:00", "2026-09-06T01:00-03:00"],
    ["Africa/Cairo", "00:30-08:00", "2026-04-23T22:00+02:00", "2026-04-24T01:00+03:00"],
    ["Antarctica/Troll", "01:30-20:00", "2026-03-29T00:30+00:00", "2026-03-29T03:00+02:00"],

    // All of it is skipped: the next day's. `to` is skipped: closed when the clock has been put forward.
    ["Europe/Berlin", "02:15-02:45", "2026-03-29T01:00+01:00", "2026-03-30T02:15+02:00"],
    ["Europe/Berlin", "02:00-03:00", "2026-03-28T03:00+01:00", "2026-03-30T02:00+02:00"],
    ["Europe/Berlin", "20:00-02:30", "2026-03-29T01:59+01:00", "now"],
    ["Europe/Berlin", "20:00-02:30", "2026-03-29T03:00+02:00", "2026-03-29T20:00+02:00"],

    // `from` comes twice: open at the first, and again at the second.
    ["Europe/Berlin", "02:30-20:00", "2026-10-25T01:00+02:00", "2026-10-25T02:30+02:00"],
    ["Europe/Berlin", "02:30-20:00", "2026-10-25T02:45+02:00", "now"],
    ["Europe/Berlin", "02:30-20:00", "2026-10-25T02:15+01:00", "2026-10-25T02:30+01:00"],
    ["Europe/Berlin", "02:00-02:30", "2026-10-25T02:45+02:00", "2026-10-25T02:00+01:00"],
    ["Australia/Lord_Howe", "01:45-20:00", "2026-04-05T01:00+11:00", "2026-04-05T01:45+11:00"],

    // `to` comes twice: the later one is the end, and what the clock shows after the first does not count.
    ["Europe/Berlin", "20:00-02:30", "2026-10-25T02:29+02:00", "now"],
    ["Europe/Berlin", "20:00-02:30", "2026-10-25T02:45+02:00", "2026-10-25T02:00+01:00"],
    ["Europe/Berlin", "20:00-02:30", "2026-10-25T02:29+01:00", "now"],
    ["Europe/Berlin", "20:00-02:30", "2026-10-25T02:30+01:00", "2026-10-25T20:00+01:00"],
    ["America/Santiago", "20:00-23:30", "2026-04-04T23:45-03:00", "2026-04-04T23:00-04:00"],
    ["Africa/Cairo", "09:00-24:00", "2026-10-29T23:59+03:00", "now"],
    ["Africa/Cairo", "09:00-24:00", "2026-10-29T23:00+02:00", "now"],
    ["Africa/Cairo", "09:00-24:00", "2026-10-30T00:00+02:00", "2026-10-30T09:00+02:00"],

    // The day that Samoa left out.
    ["Pacific/Apia", "09:00-20:00", "2011-12-29T21:00-10:00", "2011-12-31T09:00+14:00"],
  ])("in %s, %s, at %s: %s", (timeZone, window, at, opens) => {
    const now = Date.parse(at);
    const wait = untilWindow({ now, hours: hoursOf(window), timeZone });
    expect(wait === 0 ? "now" : new Date(now + wait)).toEqual(opens === "now" ? "now" : new Date(opens));
  });

  it("waits for the first moment at which the local clock is within the hours, in any zone", () => {
    fc.assert(
      fc.property(
        momentAndZone,
        window,
        fc.double({ min: 0, max: 1, noNaN: true }),
        ({ now, timeZone }, hours, part) => {
          const wait = untilWindow({ now, hours, timeZone });
          expect(isWithin(now + wait, hours, timeZone)).toBe(true);
          expect(wait === 0).toBe(isWithin(now, hours, timeZone));
          // Only hours that fit into what one change of the clock skips can be missing on a day.
          expect(wait).toBeLessThanOrEqual(lengthMs(hours) > HOUR_MS ? DAY_MS + HOUR_MS : 2 * DAY_MS);
          if (wait === 0) return;
          expect(isWithin(now + wait - 1, hours, timeZone)).toBe(false);
          expect(isWithin(now + Math.floor(part * (wait - 1)), hours, timeZone)).toBe(false);
        },
      ),
      { numRuns: 3_000 },
    );
  });

  it("refuses a zone that does not exist", () => {
    expect(() => untilWindow({ now: 0, hours: hoursOf("09:00-20:00"), timeZone: "Mars/Olympus" })).toThrow(RangeError);
  });
});

describe("timeZoneOf", () => {
  it.each([
    [["Europe/Berlin", "Asia/Tokyo"], "Europe/Berlin", 0],
    [[undefined, null, "Asia/Tokyo"], "Asia/Tokyo", 0],
    [["Mars/Olympus", undefined, "Asia/Tokyo"], "Asia/Tokyo", 1],
    [["Asia/Tokyo", "Mars/Olympus"], "Asia/Tokyo", 0],
    [["Mars/Olympus", "", null], "Africa/Lagos", 2],
    [[undefined, null], "Africa/Lagos", 0],
    [[], "Africa/Lagos", 0],
  ])("of %j is %s", (candidates, timeZone, invalid) => {
    expect(zoneOf(candidates)).toEqual({ timeZone, invalid });
  });

  it.each([
    ["a name of old", "US/Pacific"],
    ["a link", "Asia/Calcutta"],
    ["a name of three parts", "America/Argentina/ComodRivadavia"],
    ["a fixed offset by name", "Etc/GMT+5"],
    ["capitals", "EUROPE/BERLIN"],
    ["UTC", "UTC"],
  ])("takes %s, which untilWindow takes too", (_, timeZone) => {
    expect(zoneOf([timeZone])).toEqual({ timeZone, invalid: 0 });
    expect(untilWindow({ now: 0, hours: hoursOf("00:00-24:00"), timeZone })).toBe(0);
  });

  it.each([
    "+05:30",
    "CST",
    "Europe/Berlin ",
    "Europe/",
    "2026-06-10T09:00[Europe/Berlin]",
    "__proto__",
    "undefined",
    "{{ zone }}",
    `Europe/${"Berlin".repeat(100_000)}`,
  ])("passes over %.40s", (candidate) => {
    expect(zoneOf([candidate])).toEqual({ timeZone: "Africa/Lagos", invalid: 1 });
    expect(zoneOf([candidate])).toEqual({ timeZone: "Africa/Lagos", invalid: 1 });
  });

  it("knows right from wrong after more names than it remembers", () => {
    const wrong = Array.from({ length: 2_500 }, (_, index) => `Mars/Crater_${index}`);
    expect(zoneOf([...wrong, "Asia/Tokyo"])).toEqual({ timeZone: "Asia/Tokyo", invalid: 2_500 });
    expect(zoneOf(["Mars/Crater_0", "Europe/Berlin"])).toEqual({ timeZone: "Europe/Berlin", invalid: 1 });
  });
});

function zoneOf(candidates: Array<string | null | undefined>) {
  let invalid = 0;
  const timeZone = timeZoneOf(candidates, "Africa/Lagos", () => {
    invalid += 1;
  });
  return { timeZone, invalid };
}

/** Zones whose clocks move by an hour at most, and changes of theirs. */
const CHANGES: Array<[timeZone: string, at: string[]]> = [
  ["Africa/Cairo", ["2026-04-24T00:00+02:00", "2026-10-30T00:00+03:00"]],
  ["Africa/Casablanca", ["2026-02-15T03:00+01:00", "2026-03-22T02:00+00:00"]],
  ["Africa/Johannesburg", []],
  ["America/New_York", ["2026-03-08T02:00-05:00", "2026-11-01T02:00-04:00"]],
  ["America/Santiago", ["2026-04-05T00:00-03:00", "2026-09-06T00:00-04:00"]],
  ["America/Sao_Paulo", ["2018-11-04T00:00-03:00", "2019-02-17T00:00-02:00"]],
  ["America/St_Johns", ["2026-03-08T02:00-03:30", "2026-11-01T02:00-02:30"]],
  ["Antarctica/McMurdo", ["2026-04-05T03:00+13:00", "2026-09-27T02:00+12:00"]],
  ["Asia/Gaza", ["2025-04-12T02:00+02:00", "2025-10-25T02:00+03:00"]],
  ["Asia/Kathmandu", []],
  ["Asia/Tehran", ["2022-03-22T00:00+03:30", "2022-09-22T00:00+04:30"]],
  ["Australia/Adelaide", ["2026-04-05T03:00+10:30", "2026-10-04T02:00+09:30"]],
  ["Australia/Lord_Howe", ["2026-04-05T02:00+11:00", "2026-10-04T02:00+10:30"]],
  ["Europe/Berlin", ["2026-03-29T02:00+01:00", "2026-10-25T03:00+02:00"]],
  ["Pacific/Chatham", ["2026-04-05T03:45+13:45", "2026-09-27T02:45+12:45"]],
  ["Pacific/Honolulu", []],
  ["Pacific/Kiritimati", []],
];

/** Any moment of twenty years, and as often one near a change. */
const momentAndZone = fc.constantFrom(...CHANGES).chain(([timeZone, changes]) => {
  const any = fc.integer({ min: Date.UTC(2016), max: Date.UTC(2036) });
  const near = changes.map((change) => {
    const at = Date.parse(change);
    return fc.oneof(
      fc.integer({ min: at - DAY_MS, max: at + DAY_MS }),
      fc.integer({ min: -150, max: 150 }).map((minutes) => at + minutes * MINUTE_MS),
    );
  });
  return fc.record({ now: fc.oneof(any, ...near), timeZone: fc.constant(timeZone) });
});

/** Any hours, and as often some at the time of day when clocks are put forward and back. */
const minute = fc.oneof(fc.integer({ min: 0, max: 1439 }), fc.integer({ min: 0, max: 255 }));
const window = fc
  .tuple(minute, fc.oneof(minute, fc.constant(1440)))
  .filter(([from, to]) => from !== to)
  .map(([from, to]): Hours => ({ from: timeOf(from), to: timeOf(to) }));

/** The local time of a zone, without the code under test. */
function isWithin(at: number, { from, to }: Hours, timeZone: string): boolean {
  const time = clockOf(timeZone).format(at);
  return from < to ? time >= from && time < to : time >= from || time < to;
}

const clocks = new Map<string, Intl.DateTimeFormat>();
function clockOf(timeZone: string): Intl.DateTimeFormat {
  const clock =
    clocks.get(timeZone) ??
    new Intl.DateTimeFormat("en-GB", { timeZone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  clocks.set(timeZone, clock);
  return clock;
}

function lengthMs({ from, to }: Hours): number {
  const length = Date.parse(`1970-01-01T${to}Z`) - Date.parse(`1970-01-01T${from}Z`);
  return length > 0 ? length : length + DAY_MS;
}

function timeOf(minute: number): string {
  const [hours, minutes] = [Math.floor(minute / 60), minute % 60];
  return `${String(hours).padStart(2, "0")}:${String(minutes).padStart(2, "0")}`;
}

function hoursOf(text: string): Hours {
  const [from = "", to = ""] = text.split("-");
  return { from, to };
}
