import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { sqliteDriver } from "../../src/store/sqlite-driver.ts";
import { built } from "../support/built.ts";
import { testFolder } from "../support/folder.ts";
import { fileHash, sqliteDrivers } from "../support/sqlite-drivers.ts";

const [major = 0] = process.versions.node.split(".").map(Number);

describe("the driver of SQLite", () => {
  it("is Node's own from Node 22 on, and is libsql before", async () => {
    expect((await sqliteDriver()).name).toBe(major >= 22 ? "node:sqlite" : "libsql");
  });

  it.runIf(major < 22)("is not Node's own where Node has none", async () => {
    await expect(sqliteDriver("node:sqlite")).rejects.toThrow(/has no node:sqlite with SQLite 3.51.3 or newer/);
  });

  it("loads only itself, and warns of nothing", async () => {
    const file = JSON.stringify(built("src/store/sqlite-driver.ts"));
    const script = `
      const { sqliteDriver } = await import(${file});
      const { name } = await sqliteDriver();
      process.emitWarning("another one", "ExperimentalWarning");
      const { createRequire } = await import("node:module");
      const loaded = Object.keys(createRequire(${file}).cache).some((path) => path.includes("libsql"));
      console.log(JSON.stringify({ name, loaded }));`;
    const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
    const { name } = await sqliteDriver();
    expect(JSON.parse(stdout)).toEqual({ name, loaded: name === "libsql" });
    expect(stderr.match(/\w+Warning: .*/g)).toEqual(["ExperimentalWarning: another one"]);
  });
});

describe.each(await sqliteDrivers())("$name", (driver) => {
  it("names what SQLite says no to", () => {
    using folder = testFolder();
    const connection = driver.open(join(folder.path, "a.db"));
    connection.exec("create table t (a integer primary key, b text not null); insert into t values (1, 'x')");
    const insert = connection.prepare("insert into t values (?, ?)");
    expect(() => insert.run([1, "y"])).toThrow(sqliteError("SQLITE_CONSTRAINT", "UNIQUE constraint failed: t.a"));
    expect(() => insert.run([2, null])).toThrow(sqliteError("SQLITE_CONSTRAINT", "NOT NULL constraint failed: t.b"));
    expect(() => connection.exec("insert into t values ('z', '')")).toThrow(
      sqliteError("SQLITE_MISMATCH", "datatype mismatch"),
    );
    expect(() => connection.prepare("selec")).toThrow(sqliteError("SQLITE_ERROR", 'near "selec": syntax error'));
    connection.exec("begin immediate");
    const other = driver.open(join(folder.path, "a.db"));
    expect(() => other.exec("begin immediate")).toThrow(sqliteError("SQLITE_BUSY", "database is locked"));
    const nowhere = join(folder.path, "nowhere", "a.db");
    expect(() => driver.open(nowhere)).toThrow(sqliteError("SQLITE_CANTOPEN", "unable to open database file"));
    connection.exec("rollback");
    for (const one of [connection, other]) one.close();
  });

  it("knows what answers rows, and takes integers beyond 2^53 for the nearest number", () => {
    using folder = testFolder();
    const connection = driver.open(join(folder.path, "a.db"));
    connection.exec("create table t (a bigint)");
    const insert = connection.prepare("insert into t values (?) returning rowid as id");
    expect([insert.reader, insert.all([1e17 + 16]), insert.all([1.5])]).toEqual([true, [{ id: 1 }], [{ id: 2 }]]);
    const select = connection.prepare("select a from t order by rowid");
    expect([select.reader, select.all([]), select.all([])]).toEqual([true, rows(), rows()]);
    const update = connection.prepare("update t set a = ?");
    expect([update.reader, update.run([null])]).toMatchObject([false, { changes: 2 }]);
    expect(connection.prepare("begin").reader).toBe(false);
    connection.close();

    function rows() {
      return [{ a: 1e17 + 16 }, { a: 1.5 }];
    }
  });

  it("writes nothing when it is to read only, and needs the file", () => {
    using folder = testFolder();
    // Such a name is a URI's business.
    const file = join(folder.path, "100% ?#.db");
    expect(() => driver.open(file, { readOnly: true })).toThrow(
      sqliteError("SQLITE_CANTOPEN", "unable to open database file"),
    );
    const writing = driver.open(file);
    writing.exec("pragma journal_mode = wal; create table t (a integer); insert into t values (1)");
    const [before, log] = [fileHash(file), fileHash(`${file}-wal`)];

    const reading = driver.open(file, { readOnly: true });
    expect(reading.prepare("select a from t").all([])).toEqual([{ a: 1 }]);
    expect(() => reading.exec("insert into t values (2)")).toThrow(
      sqliteError("SQLITE_READONLY", "attempt to write a readonly database"),
    );
    expect(() => reading.prepare("pragma wal_checkpoint(truncate)").all([])).toThrow(
      sqliteError("SQLITE_IOERR", "disk I/O error"),
    );
    reading.close();
    expect([fileHash(file), fileHash(`${file}-wal`)]).toEqual([before, log]);
    writing.close();
  });
});

function sqliteError(code: string, message: string) {
  return expect.objectContaining({ name: "SqliteError", code, message });
}
