import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { describeError } from "../../src/lib/errors.ts";
import { createLog } from "../../src/lib/log.ts";
import { openPostgresStore } from "../../src/store/postgres.ts";
import { testFolder } from "../support/folder.ts";
import { freePort } from "../support/free-port.ts";
import { hasPostgres, openTestDatabase } from "../support/postgres.ts";

const log = createLog({ level: "silent" });

/** The error of opening, with its cause. */
async function troubleAt(url: string): Promise<string> {
  const error = await openPostgresStore({ url, now: Date.now, log }).then(
    () => new Error("it opened"),
    (thrown: Error) => thrown,
  );
  expect(describeError(error)).not.toContain("hunter22");
  return describeError(error);
}

describe("a PostgreSQL that cannot be used is named with its database and the way out:", () => {
  it.each([
    ["28P01", 'refuses the password of the user "bridge"; correct it in DATABASE_URL'],
    ["3D000", "does not exist; make it with createdb, or correct its name in DATABASE_URL"],
    ["28000", 'cannot be used by the user "bridge": refused'],
    ["57P03", 'cannot be used by the user "bridge": refused'],
  ])("%s", async (code, words) => {
    await using server = await refusingServer(code);
    expect(await troubleAt(`postgresql://bridge:hunter22@127.0.0.1:${server.port}/lifecycle`)).toBe(
      `the store at DATABASE_URL cannot be opened: the database "lifecycle" at 127.0.0.1:${server.port} ${words}`,
    );
  });

  it("nothing listens there", async () => {
    const port = await freePort();
    expect(await troubleAt(`postgresql://bridge:hunter22@127.0.0.1:${port}/lifecycle`)).toContain(
      `the database "lifecycle" at 127.0.0.1:${port} does not answer (ECONNREFUSED); does PostgreSQL run there`,
    );
  });

  it("no name leads there", async () => {
    expect(await troubleAt("postgresql://bridge:hunter22@nowhere.invalid/lifecycle")).toMatch(
      /the database "lifecycle" at nowhere\.invalid:5432 does not answer \((ENOTFOUND|EAI_AGAIN)\)/,
    );
  });

  it("a socket in a folder, as Cloud SQL has it", async () => {
    using folder = testFolder();
    const url = `postgresql://bridge:hunter22@/lifecycle?host=${folder.path}`;
    expect(await troubleAt(url)).toContain(`the database "lifecycle" at ${folder.path} does not answer (ENOENT)`);
    await using _server = await refusingServer("3D000", join(folder.path, ".s.PGSQL.5432"));
    expect(await troubleAt(url)).toContain(`the database "lifecycle" at ${folder.path} does not exist`);
  });

  it.skipIf(!hasPostgres)("a real one without the database", async () => {
    await using database = await openTestDatabase();
    expect(await troubleAt(`${database.url}_none`)).toMatch(/the database ".*_none" at .* does not exist; /);
  });
});

/** Refuses each connection with PostgreSQL's message for an error at the start. */
async function refusingServer(code: string, path?: string): Promise<{ port: number } & AsyncDisposable> {
  const fields = Buffer.from(`SFATAL\0C${code}\0Mrefused\0\0`);
  const head = Buffer.alloc(5);
  head.write("E");
  head.writeInt32BE(fields.length + 4, 1);
  const server = createServer((socket) => {
    socket.once("data", () => socket.end(Buffer.concat([head, fields]))).on("error", () => {});
  });
  await new Promise<void>((resolve) => {
    if (path === undefined) server.listen(0, "127.0.0.1", resolve);
    else server.listen(path, resolve);
  });
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
