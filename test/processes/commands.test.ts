import { symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, it } from "vitest";
import type { Sandbox } from "../../src/sandbox/sandbox.ts";
import { environment } from "../support/app-process.ts";
import { built } from "../support/built.ts";
import { startProcess } from "../support/command-process.ts";
import { testFolder } from "../support/folder.ts";
import { eventually, testSandbox } from "../support/sandbox.ts";

/** A busy machine, which compiles and starts them all at once, needs this long. */
const WITHIN_MS = 100_000;
const TSX = createRequire(import.meta.url).resolve("tsx/cli");
const UNENDING = fileURLToPath(new URL("../support/unending-command.ts", import.meta.url));
const source = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const CLI = built("src/cli.ts");

describe.concurrent("the commands as processes", { timeout: WITHIN_MS + 20_000 }, () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await testSandbox();
  }, WITHIN_MS);
  afterAll(() => sandbox[Symbol.asyncDispose]());
  const besideTheApp = () => environment(sandbox, sandbox.config.dataDir);

  it.for(["connect", "dashboard", "person"])("%s starts from the build", async (name, { expect }) => {
    await using started = startProcess([CLI, name, "--help"]);
    expect(await started.ended).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`node dist/src/cli.js ${name}\n`),
      stderr: "",
    });
  });

  it("a command that does not exist is wrong usage, and stderr has the names of all", async ({ expect }) => {
    await using started = startProcess([CLI, "docter"]);
    expect(await started.ended).toMatchObject({
      code: 2,
      stdout: "",
      stderr: expect.stringMatching(/^there is no command "docter"\n[\s\S]* doctor, /),
    });
  });

  it("event starts through a symlink by tsx, and without its ending", async ({ expect }) => {
    using folder = testFolder();
    symlinkSync(source("."), join(folder.path, "project"));
    await using started = startProcess([TSX, join(folder.path, "project/src/sandbox/event"), "--help"]);
    expect(await started.ended).toMatchObject({ code: 0, stdout: expect.stringMatching(/^npm run event /) });
  });

  it("event starts from the build through a symlink of another name", async ({ expect }) => {
    using folder = testFolder();
    const link = join(folder.path, "look.js");
    symlinkSync(built("src/sandbox/event.ts"), link);
    await using started = startProcess([link, "--help"]);
    expect(await started.ended).toMatchObject({ code: 0, stdout: expect.stringMatching(/^npm run event /) });
  });

  it("doctor ends with 1 where something is wrong", async ({ expect }) => {
    await using started = startProcess([CLI, "doctor", "--json"]);
    const { code, stdout } = await started.ended;
    expect([code, JSON.parse(stdout)]).toMatchObject([1, { ok: false, checks: [{ what: "configuration" }] }]);
  });

  it("redrive works with its environment", async ({ expect }) => {
    await using started = startProcess([CLI, "redrive"], besideTheApp());
    expect(await started.ended).toMatchObject({ code: 0, stdout: "There are no dead jobs.\n", stderr: "" });
  });

  it("sync ends with 2 after wrong usage", async ({ expect }) => {
    await using started = startProcess([CLI, "sync", "--sins"]);
    expect(await started.ended).toMatchObject({
      code: 2,
      stdout: "",
      stderr: expect.stringMatching(/^Unknown option '--sins'[\s\S]*\n\nnpm run sync -- /),
    });
  });

  it("plan, which does not listen to signals, ends at once by SIGINT", async ({ expect }) => {
    let isAsked = false;
    sandbox.novu.injectFault(() => {
      isAsked = true;
      return { delayMs: 60_000 };
    });
    await using started = startProcess([CLI, "plan"], besideTheApp());
    await eventually(() => isAsked, WITHIN_MS);
    started.kill("SIGINT");
    expect(await started.ended).toMatchObject({ code: null, signal: "SIGINT" });
  });

  it("reconcile, which listens, ends in good order by SIGINT", async ({ expect }) => {
    let isAsked = false;
    sandbox.posthog.injectFault(({ path }) => {
      isAsked ||= path.includes("/query");
      return path.includes("/query") ? { delayMs: 60_000 } : null;
    });
    const args = [CLI, "reconcile", "--since", "2026-03-02T08:00:00Z", "--until", "2026-03-05T00:00:00Z"];
    await using started = startProcess(args, besideTheApp());
    await eventually(() => isAsked, WITHIN_MS);
    started.kill("SIGINT");
    expect(await started.ended).toMatchObject({
      code: 1,
      signal: null,
      stderr: expect.stringMatching(/^interrupted\ncontinue with: node dist\/src\/cli\.js reconcile --since/),
    });
  });

  it("a command that goes on after the first signal ends by another, but not by the first one sent twice", async ({
    expect,
  }) => {
    await using started = startProcess(["--import", "tsx", UNENDING]);
    await eventually(() => started.output.stdout === "started\n", WITHIN_MS);
    const signalledAt = performance.now();
    started.kill("SIGTERM");
    await eventually(() => started.output.stdout === "started\naborted: interrupted\n");
    let endedAt: number | null = null;
    void started.ended.then(() => {
      endedAt = performance.now();
    });
    await eventually(() => {
      started.kill("SIGINT");
      return endedAt !== null;
    });
    expect(await started.ended).toMatchObject({ code: null, signal: "SIGINT" });
    expect(endedAt! - signalledAt).toBeGreaterThan(500);
  });
});
