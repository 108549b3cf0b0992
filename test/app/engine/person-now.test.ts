import { describe, expect, it } from "vitest";
import type { PersonSource, PersonSources } from "../../../src/contracts/person.ts";
import type { Run } from "../../../src/contracts/run.ts";
import { createPersonNow } from "../../../src/engine/person-now.ts";
import { createLog } from "../../../src/lib/log.ts";
import { createPersonReader } from "../../../src/sources/person-reader.ts";

describe("the person of a run, for a step", () => {
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
    { source: from = "posthog" as Run["source"], hoursLater = 0, brought = snapshot as object, ofOther = false } = {},
  ) {
    const source = ([name, read]: [string, Read]) => [name, { name, read, mostAtOnce: 10 }] as const;
    const sources = Object.fromEntries(
      Object.entries({ own: notFound, ...reads }).map(source),
    ) as unknown as PersonSources;
    const clock = () => Date.parse(then) + hoursLater * HOUR_MS;
    const whom = createPersonNow({
      persons: createPersonReader({ sources, now: clock }),
      onUnreadable: () => {},
      log: createLog({ level: "silent" }),
    });
    return whom({
      transactionId: "t",
      distinctId: "ada",
      source: from,
      occurredAt: then,
      snapshot: brought as never,
      ...(ofOther && { isOthersEvent: true as const }),
    });
  }

  it("is the person now, as of the event when no source answers, or null when deleted", async () => {
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

  it("is null for another person's event where our store has nothing, and known from our store else", async () => {
    const ofOther = { source: "segment", brought: {}, ofOther: true } as const;
    expect(await personNow({ own: notFound }, ofOther)).toBeNull();
    expect(await personNow({ own: notFound }, { ...ofOther, ofOther: false })).toMatchObject({ source: "own" });
    expect(await personNow({ own: found }, ofOther)).toMatchObject({ source: "own" });
    expect(await personNow({ posthog: down, own: found }, ofOther)).toMatchObject({ source: "snapshot" });
  });

  it("is read at the source of the event, or at another source that has persons", async () => {
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

  it("is as stored while the source may still be making a profile, and null when the profile is gone", async () => {
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

  it("is as stored when the source does not answer, because Segment's events carry few properties", async () => {
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

  it("is null when the store had properties of the person, and has none now", async () => {
    for (const reads of [{}, { posthog: notFound }, { posthog: down }, { segment: notFound }, { segment: down }])
      expect(await personNow(reads, { source: "segment" }), `${JSON.stringify(Object.keys(reads))}`).toBeNull();
    // The store keeps nothing of what others bring along.
    for (const source of ["posthog", "sweep"] as const) expect(await personNow({}, { source })).not.toBeNull();
  });

  it("is as of the event when the event had no properties, or the store cannot be read", async () => {
    const source = "segment";
    expect(await personNow({}, { source, brought: {} })).toMatchObject({ source: "own", properties: {} });
    expect(await personNow({ own: down }, { source })).toMatchObject({ source: "snapshot", properties: snapshot });
  });
});
