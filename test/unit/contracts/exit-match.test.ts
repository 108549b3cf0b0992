import { describe, expect, it } from "vitest";
import { ALL_RUNS, endsRun, endsRunOfOther, matchKey } from "../../../src/contracts/exit-match.ts";
import { OCCURRED_AT } from "../../support/facts.ts";

describe("the key of a value", () => {
  it.each([
    ["42", 42],
    [42, 42.0],
    [" cart-1\t", "cart-1"],
    ["0", 0],
    ["0", -0],
    ["1.5", 1.5],
    ["true", "true"],
  ])("is the same for %j and %j", (one, other) => {
    expect(matchKey("w", "id", one)).toMatch(/^[0-9a-f]{64}$/);
    expect(matchKey("w", "id", one)).toBe(matchKey("w", "id", other));
  });

  it.each([
    ["Cart", "cart"],
    ["042", 42],
    ["a b", "ab"],
    ["42.0", 42],
  ])("differs for %j and %j", (one, other) => {
    expect(matchKey("w", "id", one)).not.toBe(matchKey("w", "id", other));
  });

  it.each([[null], [undefined], [""], [" \n "], [true], [false], [{}], [["a"]], [Number.NaN], [Infinity]])(
    "does not exist for %j",
    (value) => {
      expect(matchKey("w", "id", value)).toBeNull();
    },
  );

  it("belongs to one field of one workflow, and does not contain the value", () => {
    const keys = [matchKey("w", "id", "a@b.c"), matchKey("w", "other", "a@b.c"), matchKey("v", "id", "a@b.c")];
    expect(new Set(keys).size).toBe(3);
    expect(keys.join()).not.toContain("a@b.c");
  });
});

describe("an exit with the key A of a cart", () => {
  const run = (matchKeys: Record<string, string>) => ({ occurredAt: OCCURRED_AT, matchKeys });
  const exit = (of: "person" | "anyone", key = "A") => ({
    occurredAt: OCCURRED_AT,
    matches: key === "" ? [{ ...ALL_RUNS }] : [{ field: "cart", key, of }],
  });

  it.each<[of: "person" | "anyone", key: string, run: Record<string, string>, ofSame: boolean, ofOther: boolean]>([
    ["person", "A", { cart: "A" }, true, false],
    ["person", "A", { cart: "B" }, false, false],
    ["person", "A", {}, true, false],
    ["person", "A", { invite: "A" }, true, false],
    ["anyone", "A", { cart: "A" }, true, true],
    ["anyone", "A", { cart: "B", invite: "A" }, false, false],
    ["anyone", "A", {}, true, false],
    // Without a usable value.
    ["person", "", { cart: "A" }, true, false],
    ["person", "", {}, true, false],
  ])("of %s, %j, and a run with %j: the same person's %s, another person's %s", (of, key, keys, ofSame, ofOther) => {
    expect([endsRun(exit(of, key), run(keys)), endsRunOfOther(exit(of, key), run(keys))]).toEqual([ofSame, ofOther]);
    const later = { ...run(keys), occurredAt: "2026-03-02T10:00:00.000Z" };
    expect([endsRun(exit(of, key), later), endsRunOfOther(exit(of, key), later)]).toEqual([false, false]);
  });

  it("that has no list of matches ends all runs of its person, and none of another", () => {
    const all = { occurredAt: OCCURRED_AT };
    expect([endsRun(all, run({ cart: "A" })), endsRunOfOther(all, run({ cart: "A" }))]).toEqual([true, false]);
  });
});
