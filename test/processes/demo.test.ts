import { describe, expect, it } from "vitest";
import { demo } from "../../src/sandbox/demo/demo.ts";
import { built } from "../support/built.ts";
import { run } from "../support/command.ts";
import { startProcess } from "../support/command-process.ts";
import { testFolder } from "../support/folder.ts";
import { eventually } from "../support/sandbox.ts";

const ADDRESS = /http:\/\/localhost:(\d+)\/studio\/runs\/\S+/;
/** Of a busy machine. */
const WITHIN_MS = 150_000;

describe("the demo", { timeout: WITHIN_MS + 20_000 }, () => {
  it("ends with the address of what is most surprising, and with how to get there", async () => {
    using folder = testFolder();
    const { code, stdout } = await run(demo, ["--out", folder.path]);
    expect([code, stdout]).toEqual([0, expect.stringContaining("All as the story expects.")]);
    expect(ADDRESS.exec(stdout)?.[1]).toBe("4000");
    expect(stdout.trimEnd()).toMatch(/npm run demo -- --stay$/);
  });

  it("stays at that address when it is asked to, until it is told to stop", async () => {
    using folder = testFolder();
    const args = [built("src/sandbox/demo/demo.ts"), "--out", folder.path, "--stay", "--port", "0"];
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
