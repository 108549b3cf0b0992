import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { decision } from "../support/facts.ts";
import { testFolder } from "../support/sandbox.ts";
import { storePromises } from "./promises.ts";

storePromises("SQLite", () => {
  const folder = testFolder();
  const open = (now: () => number) => openSqliteStore({ dataDir: folder.path, now });
  return { open, reopen: open, drop: async () => folder[Symbol.dispose]() };
});

describe("the data folder", () => {
  const store = fileURLToPath(new URL("../../src/store/sqlite.ts", import.meta.url));
  /** Opens the store in another process, which then does `what`. */
  const elsewhere = (dataDir: string, what: string) =>
    spawnSync(
      process.execPath,
      [
        "--import",
        "tsx",
        "--input-type=module",
        "-e",
        `const { openSqliteStore } = await import(${JSON.stringify(store)}); try { await openSqliteStore({ dataDir: ${JSON.stringify(dataDir)}, now: Date.now }); ${what} } catch (error) { console.log(error.message); process.exit(1); }`,
      ],
      { encoding: "utf8" },
    );

  it("is one process's at a time, and the second one is told whose", async () => {
    using folder = testFolder();
    const first = await openSqliteStore({ dataDir: folder.path, now: Date.now });
    expect(elsewhere(folder.path, "").stdout).toContain(`is in use by process ${process.pid}`);
    await first.close();
    expect(elsewhere(folder.path, "process.exit(0)").status).toBe(0);
  });

  it("is free at once after kill -9", async () => {
    using folder = testFolder();
    expect(elsewhere(folder.path, "process.kill(process.pid, 'SIGKILL')").signal).toBe("SIGKILL");
    await (await openSqliteStore({ dataDir: folder.path, now: Date.now })).close();
  });

  it("gives back what a killed process had claimed", async () => {
    using folder = testFolder();
    const first = await openSqliteStore({ dataDir: folder.path, now: () => 0 });
    await first.decide(decision());
    await first.claim("posthog", 1, 60_000);
    await first.close();
    const second = await openSqliteStore({ dataDir: folder.path, now: () => 0 });
    expect(await second.claim("posthog", 1, 60_000)).toHaveLength(1);
    await second.close();
  });
});
