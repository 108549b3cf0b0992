import { expect, it } from "vitest";
import { importOwn } from "../../../src/lib/import-own.ts";

it("a mistake in the fork's files keeps its file and line, and other imports pass", async () => {
  const mistake = () => Promise.reject(new TypeError("event is not a function"));
  await expect(importOwn(mistake)).rejects.toThrow(
    /^src\/workflows cannot be imported: TypeError: event is not a function\n {4}at .*import-own\.test\.ts/,
  );
  expect(await importOwn(async () => ({ product: 1 }))).toEqual({ product: 1 });
});
