import { describe, expect, it } from "vitest";
import { built } from "../support/built.ts";
import { run } from "../support/command.ts";
import { startProcess } from "../support/command-process.ts";
import { testDemo } from "../support/demo.ts";
import { testFolder } from "../support/folder.ts";
import { eventually } from "../support/sandbox.ts";

const ADDRESS = /http:\/\/localhost:(\d+)\/studio\/runs\/\S+/;
/** A busy machine needs this long. */
const WITHIN_MS = 150_000;

describe("the demo", { timeout: WITHIN_MS + 20_000 }, () => {
  it("ends with the address of the surprising run, and with the command that opens it", async () => {
    using folder = testFolder();
    const { code, stdout } = await run(testDemo, ["--out", folder.path]);
    expect([code, stdout]).toEqual([0, expect.stringContaining("All as the story expects.")]);
    expect(ADDRESS.exec(stdout)?.[1]).toBe("4000");
    expect(stdout.trimEnd()).toMatch(/npm run demo -- --stay$/);
  });

  it("plays on the plan in NOVU_PLAN, and on no other one", async () => {
    using folder = testFolder();
    const on = (plan: string) => run(testDemo, ["--out", folder.path], { env: { NOVU_PLAN: plan } });
    expect((await on("enterprise")).code).toBe(0);
    expect(await on("gold")).toMatchObject({ code: 1, stderr: expect.stringContaining("NOVU_PLAN: ") });
  });

  it("--stay keeps the studio open at that address until SIGINT", async () => {
    using folder = testFolder();
    const args = [built("test/support/demo.ts"), "--out", folder.path, "--stay", "--port", "0"];
    await using demo = startProcess(args);
    await eventually(() => demo.output.stdout.includes("until Ctrl-C"), WITHIN_MS);
    const [address = ""] = ADDRESS.exec(demo.output.stdout) ?? [];
    const page = await (await fetch(address)).text();
    expect(page).toContain("check-in (email) was not sent: ");
    expect(page).toContain("onboarding is completed");
    demo.kill("SIGINT");
    expect(await demo.ended).toMatchObject({ code: 0, signal: null });
  });
});
