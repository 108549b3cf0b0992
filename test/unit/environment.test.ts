import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { surroundingsOf } from "../../src/environment.ts";
import { readText, withEnvFile } from "../../src/lib/env-file.ts";
import { testFolder } from "../support/folder.ts";

const files = (texts: Record<string, string>) => (file: string) => texts[file] ?? null;

describe("the env file", () => {
  const read = files({ ".env": "PORT=1\nLOG_LEVEL=debug", other: "\uFEFFexport PORT='2' # two\r\nNOVU_PLAN=pro\r\n" });

  it.each([
    ["of the current folder", {}, { PORT: "1", LOG_LEVEL: "debug" }],
    ["and the environment wins, also an empty variable", { PORT: "3", LOG_LEVEL: "" }, { PORT: "3", LOG_LEVEL: "" }],
    ["that ENV_FILE names", { ENV_FILE: "other" }, { ENV_FILE: "other", PORT: "2", NOVU_PLAN: "pro" }],
    ["none, when ENV_FILE is empty", { ENV_FILE: "" }, { ENV_FILE: "" }],
  ])("%s", (_, env, expected) => {
    expect(withEnvFile(env, read)).toEqual(expected);
  });

  it("need not exist, unless ENV_FILE names it", () => {
    expect(withEnvFile({ PORT: "1" }, files({}))).toEqual({ PORT: "1" });
    expect(() => withEnvFile({ ENV_FILE: "settings/env" }, files({}))).toThrow(
      'ENV_FILE names "settings/env", and there is no such file',
    );
  });

  it("that cannot be read is an error that names it", () => {
    using folder = testFolder();
    const file = join(folder.path, ".env");
    writeFileSync(file, "PORT=1");
    expect(withEnvFile({ ENV_FILE: file })).toMatchObject({ PORT: "1" });
    expect(readText(join(folder.path, "none"))).toBeNull();
    // No user reads a folder as a file.
    expect(() => withEnvFile({ ENV_FILE: folder.path })).toThrow(`the env file "${folder.path}" cannot be read`);
  });
});

describe("the settings of a command", () => {
  const ofDev = files({ ".data/dev/.env": "PORT=4000\nNOVU_PLAN=pro" });

  it("are those of npm run dev, if there are no others", async () => {
    const { env, notes } = await surroundingsOf({ PATH: "/bin" }, { read: ofDev });
    expect([env, notes]).toEqual([
      { PATH: "/bin", PORT: "4000", NOVU_PLAN: "pro" },
      ["settings: .data/dev/.env, of npm run dev"],
    ]);
  });

  it.each([
    ["the environment", { NOVU_PLAN: "team" }, {}],
    [".env", {}, { ".env": "NOVU_PLAN=team" }],
    ["ENV_FILE", { ENV_FILE: "mine" }, { mine: "NOVU_PLAN=team" }],
  ])("are not, if %s has one", async (_, own, texts) => {
    const read = (file: string) => files(texts)(file) ?? ofDev(file);
    const { env, notes } = await surroundingsOf(own, { read });
    expect([env, notes]).toEqual([{ ...own, NOVU_PLAN: "team" }, []]);
  });

  it("are none, if ENV_FILE is empty", async () => {
    expect((await surroundingsOf({ ENV_FILE: "" }, { read: ofDev })).env).toEqual({ ENV_FILE: "" });
  });

  it("have a note for each name that looks like a setting", async () => {
    const own = { ENV_FILE: "", INTERNAL_USER: "@acme.example" };
    const [note] = ["INTERNAL_USER is no setting of this app; do you mean INTERNAL_USERS?"];
    expect((await surroundingsOf(own)).notes).toEqual([note]);
    expect((await surroundingsOf(own, { reportsNames: true })).notes).toEqual([]);
  });

  it("have this machine's clock, also if the sandbox that they name does not run", async () => {
    const { now } = await surroundingsOf({ ENV_FILE: "", SANDBOX_URL: "http://127.0.0.1:9" });
    expect(Math.abs(now() - Date.now())).toBeLessThan(1_000);
  });
});
