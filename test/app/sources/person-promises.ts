import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { PersonSource } from "../../../src/contracts/person.ts";
import { describeError, RetryLaterError } from "../../../src/lib/errors.ts";
import type { FaultRule } from "../../../src/sandbox/fault-injection.ts";
import { createPersonLookup } from "../../../src/sources/person-reader.ts";

/** A place with its server, on which people can be made known. */
export interface OpenPlace extends AsyncDisposable {
  place: PersonSource;
  /** Properties by the names that this place has for them. */
  know(distinctId: string, properties: Record<string, unknown>): void;
  injectFault(fault: FaultRule | null): void;
  /** The same place under other settings. */
  placeWith(settings: { key?: string; project?: string }): PersonSource;
  /** Texts that must not be shown. */
  secrets: string[];
}

/** The promises of each source of persons. */
export function keepsToThePromises({
  open,
  known,
  hints,
}: {
  open(): Promise<OpenPlace>;
  /** A person there, as it says it and as we do. */
  known: { there: Record<string, unknown>; here: Record<string, unknown> };
  hints: { key: string; scope: string; project: string; host: string };
}): void {
  let opened: OpenPlace;
  let place: PersonSource;
  const id = "ada@example.com";

  beforeEach(async () => {
    opened = await open();
    place = opened.place;
    opened.know(id, { ...known.there, email: id });
  });
  afterEach(() => opened[Symbol.asyncDispose]());

  const read = async (ids: string[], from = place) => {
    const found = await from.read(ids, AbortSignal.timeout(5_000));
    // Only PostHog has ids of its own for persons.
    return new Map([...found].map(([one, { personId: _, ...person }]) => [one, person]));
  };

  describe("a person", () => {
    it("is found, with what is declared, and the names of what cannot be read", async () => {
      opened.know("odd", { email: "no address", plan: true, features_used: ["alerts"], undeclared: "x" });
      expect(Object.fromEntries(await read([id, "odd"]))).toEqual({
        [id]: { properties: { ...known.here, email: id }, unreadable: [] },
        odd: { properties: { features_used: ["alerts"] }, unreadable: ["email", "plan"] },
      });
    });

    it("is left out when there is no person with the id", async () => {
      expect([...(await read(["nobody", id])).keys()]).toEqual([id]);
      expect((await read(["nobody"])).size).toBe(0);
    });

    it.each(["a/b c+%ü", "grace@example.com", "..", "a?b#c&d", "%2F", " a ", "user_id:x", "__proto__x", "日本"])(
      "is found by an odd id: %s",
      async (odd) => {
        opened.know(odd, { plan: "pro" });
        opened.know(`${odd}x`, { plan: "trial" });
        expect([...(await read([odd]))]).toEqual([[odd, { properties: { plan: "pro" }, unreadable: [] }]]);
      },
    );

    it("is found among many, in as many reads as that takes", { tags: ["long"] }, async () => {
      const ids = Array.from({ length: place.mostAtOnce * 2 + 1 }, (_, index) => `person-${index}`);
      for (const one of ids) opened.know(one, { plan: one });
      const sizes: number[] = [];
      const counted: PersonSource = {
        ...place,
        read: (some, signal) => {
          sizes.push(some.length);
          return place.read(some, signal);
        },
      };
      const lookUp = createPersonLookup({ source: counted, now: () => 0 });
      const found = await Promise.all(ids.map((one) => lookUp(one)));
      expect(found).toMatchObject(ids.map((plan) => ({ outcome: "found", properties: { plan }, unreadable: [] })));
      expect(sizes).toEqual([place.mostAtOnce, place.mostAtOnce, 1]);
    });
  });

  describe("trouble", () => {
    it("with a pause says how long it is", async () => {
      opened.injectFault(() => ({ status: 429, headers: { "retry-after": "7" } }));
      const error = await read([id]).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(RetryLaterError);
      expect(error).toMatchObject({ retryAfterMs: 7_000, answered: true });
      opened.injectFault(() => ({ status: 429 }));
      expect(await read([id]).catch((thrown: unknown) => thrown)).toMatchObject({ retryAfterMs: 5_000 });
    });

    it.each([
      ["a key that is wrong", { key: "wrong" }, "401", hints.key],
      ["another project", { project: "elsewhere" }, "404", hints.project],
    ] as const)("with %s says where to look", async (_what, settings, status, hint) => {
      await expect(read([id], opened.placeWith(settings))).rejects.toThrow(status);
      await expect(read([id], opened.placeWith(settings))).rejects.toThrow(hint);
    });

    it.each([
      ["403", { status: 403, body: {} }, hints.scope],
      ["500", { status: 500, body: {} }, "answered 500"],
      ["an answer of another kind", { status: 200, body: { results: [], traits: [] } }, hints.host],
      ["an answer that is no JSON", { status: 200, body: undefined }, hints.host],
      ["a hang-up", "hang up", "does not answer"],
    ] as const)("%s is said, with no key and nobody in it", async (_what, trouble, hint) => {
      opened.injectFault(() => withPersonIn(trouble));
      const error = await read([id]).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(Error);
      const message = describeError(error);
      expect(message).toContain(hint);
      for (const secret of [...opened.secrets, id, "ada"]) expect(message).not.toContain(secret);
    });

    it("ends with the signal, however long the answer takes", async () => {
      opened.injectFault(() => ({ delayMs: 60_000 }));
      const controller = new AbortController();
      const reading = place.read([id, "grace"], controller.signal);
      const outcome = expect(reading).rejects.toThrow("enough");
      await sleep(0);
      controller.abort(new Error("enough"));
      await outcome;
      await expect(place.read([id], controller.signal)).rejects.toThrow("enough");
    });

    it("is over when it is over", async () => {
      opened.injectFault(() => ({ status: 500 }));
      await expect(read([id])).rejects.toThrow();
      opened.injectFault(null);
      expect((await read([id])).size).toBe(1);
    });
  });

  /** An answer that names who was asked for. */
  function withPersonIn(trouble: "hang up" | { status: number; body: unknown }): ReturnType<FaultRule> {
    if (trouble === "hang up") return trouble;
    const { status, body } = trouble;
    const named = { message: `ada <${id}>` };
    return { status, body: body === undefined ? `${JSON.stringify(named)} and more` : { ...named, ...body } };
  }
}
