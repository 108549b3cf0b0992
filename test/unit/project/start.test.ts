import { expect, it } from "vitest";
import { loadedBy } from "../../support/loaded-by.ts";

it("the app starts without the parts that only some settings, or a first report, need", async () => {
  const { files = [], packages = [] } = (await loadedBy(["src/main.ts"])).get("src/main.ts") ?? {};
  expect(files).toContain("src/app/studio.ts");
  expect(files.filter((file) => file.startsWith("src/studio/"))).toEqual([]);
  expect(packages).toContain("express");
  expect(packages.filter((name) => /^(pg|libsql|posthog-node|cron-parser)\b/.test(name))).toEqual([]);
});
