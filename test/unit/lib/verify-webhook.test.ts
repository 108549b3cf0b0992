import { describe, expect, it } from "vitest";
import { equalSecrets, isOneOfSecrets } from "../../../src/lib/verify-webhook.ts";

describe("equalSecrets", () => {
  it.each<[string | Buffer, string | Buffer, boolean]>([
    ["secret", "secret", true],
    ["secret", "Secret", false],
    ["secret", "secret of another length", false],
    ["secret", "", false],
    ["", "", true],
    [Buffer.from("secret"), "secret", true],
    [Buffer.from([1, 2]), Buffer.from([1, 2]), true],
    [Buffer.from([1, 2]), Buffer.from([1, 2, 3]), false],
  ])("%j and %j: %s", (one, other, areEqual) => {
    expect(equalSecrets(one, other)).toBe(areEqual);
  });
});

describe("isOneOfSecrets", () => {
  it.each([
    [["old", "new"], "new", true],
    [["old", "new"], "old", true],
    [["old", "new"], "other", false],
    [[], "other", false],
  ])("of %j, %s: %s", (secrets, offered, isOne) => {
    expect(isOneOfSecrets(offered, secrets)).toBe(isOne);
  });
});
