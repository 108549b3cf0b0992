import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { COMMANDS, type CommandName } from "../../src/commands/index.ts";
import type { Sandbox } from "../../src/sandbox/sandbox.ts";
import { happen } from "../support/campaign.ts";
import { run, runCommand } from "../support/command.ts";
import { testFolder } from "../support/folder.ts";
import { testProduct } from "../support/product/product.ts";
import { testSandbox } from "../support/sandbox.ts";

describe("the settings that a command asks for", () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await testSandbox();
    happen(sandbox, "user_signed_up");
    await sandbox.settled();
  });
  afterAll(() => sandbox[Symbol.asyncDispose]());

  const runWith = async (env: Record<string, string>, name: CommandName, args: string[]) =>
    run(await COMMANDS[name](async () => testProduct), args, { env });

  it.each<[CommandName, string[], string]>([
    ["why", ["--person", "ada"], "welcome"],
    ["person", ["export", "ada"], '"distinctId": "ada"'],
    ["redrive", [], "There are no dead jobs."],
  ])("are those of the store for %s %j", async (name, args, line) => {
    const ran = await runWith({ DATA_DIR: sandbox.config.dataDir, PUBLIC_URL: "not an address" }, name, args);
    expect(ran).toMatchObject({ code: 0, stdout: expect.stringContaining(line), stderr: "" });
  });

  it.each<[CommandName, string[]]>([
    ["redrive", ["--all"]],
    ["person", ["split", "ada", "--yes"]],
    ["backup", ["/nowhere/copy.db"]],
  ])("are also those of a call to the app for %s %j", async (name, args) => {
    const env = { DATA_DIR: sandbox.config.dataDir };
    const ran = await runWith(env, name, args);
    expect([ran.code, ran.stderr]).toEqual([
      1,
      expect.stringMatching(/not valid:\n {2}LINK_SIGNING_KEYS is missing\. .*\n\S/),
    ]);
    const access = { LINK_SIGNING_KEYS: sandbox.config.linkSigningKeys[0]!, PORT: new URL(sandbox.app.url).port };
    const { stderr } = await runWith({ ...env, ...access }, name, args);
    expect(stderr).not.toContain("not valid");
  });

  it("are none of the app's for a backup while it is stopped", async () => {
    using folder = testFolder();
    await using stopped = await testSandbox();
    await stopped.app.stop({ drainMs: 0 });
    const file = join(folder.path, "copy.db");
    expect(await runWith({ DATA_DIR: stopped.config.dataDir }, "backup", [file])).toMatchObject({
      code: 0,
      stderr: "",
    });
    expect(existsSync(file)).toBe(true);
  });

  it("doctor reports a name that looks like one, also beside a configuration that is not valid", async () => {
    const env = { INTERNAL_USER: "@acme.example" };
    const warning = {
      what: "configuration",
      is: "warning",
      says: "INTERNAL_USER is no setting of this app; do you mean INTERNAL_USERS?",
    };
    const { stdout } = await runCommand(sandbox, "doctor", ["--json"], { env });
    expect(JSON.parse(stdout).checks).toContainEqual(warning);
    const none = await runWith(env, "doctor", ["--json"]);
    expect(JSON.parse(none.stdout).checks).toEqual([
      { what: "configuration", is: "trouble", says: expect.stringContaining("PUBLIC_URL is missing") },
      warning,
    ]);
  });
});
