import { copyFileSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { fileIn } from "../../src/store/sqlite-files.ts";
import { runCommand } from "../support/command.ts";
import { testFolder } from "../support/folder.ts";
import { testSandbox } from "../support/sandbox.ts";
import { delivery, post } from "../support/webhook.ts";

const UUID = "0190f1d2-6a4b-7c1e-8f00-000000000001";

describe("npm run backup", () => {
  it.each(["runs", "does not run"])("copies the store of an app that %s", async (state) => {
    await using sandbox = await testSandbox();
    using folder = testFolder();
    await post(sandbox.app.url, delivery({ uuid: UUID }));
    await sandbox.settled();
    if (state === "does not run") await sandbox.app.stop();

    const file = join(folder.path, "copy.db");
    const { code, stdout } = await runCommand(sandbox, "backup", [file, "--json"]);
    expect([code, JSON.parse(stdout)]).toMatchObject([0, { file, bytes: expect.any(Number) }]);
    expect(await eventsIn(file)).toEqual([UUID]);

    const again = await runCommand(sandbox, "backup", [file]);
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining("exists already")]);
  });

  it("names pg_dump for PostgreSQL", async () => {
    await using sandbox = await testSandbox();
    const env = { DATABASE_URL: "postgresql://bridge@127.0.0.1:9/bridge" };
    const { code, stderr } = await runCommand(sandbox, "backup", ["/nowhere/copy.db"], { env });
    expect([code, stderr]).toEqual([1, expect.stringContaining("pg_dump")]);
  });

  it("says what is wrong with its arguments, and that a folder cannot be written", async () => {
    await using sandbox = await testSandbox();
    using folder = testFolder();
    writeFileSync(join(folder.path, "file"), "");
    for (const [args, code, complaint] of [
      [[], 2, "the file to copy to is missing"],
      [["a", "b"], 2, "one file at a time"],
      [[join(folder.path, "file", "copy.db")], 1, "cannot be created"],
    ] as const) {
      const done = await runCommand(sandbox, "backup", [...args]);
      expect([done.code, done.stderr]).toEqual([code, expect.stringContaining(complaint)]);
    }
    expect(existsSync(join(folder.path, "copy.db"))).toBe(false);
  });
});

/** Restores a backup as the help says, and asks the store for the event. */
async function eventsIn(file: string): Promise<string[]> {
  using folder = testFolder();
  copyFileSync(file, fileIn(folder.path));
  const store = await openSqliteStore({ dataDir: folder.path, now: Date.now });
  try {
    return await store.events.findKnown([UUID]);
  } finally {
    await store.close();
  }
}
