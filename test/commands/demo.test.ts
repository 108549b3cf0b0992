import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { built } from "../support/built.ts";
import { eventually, testFolder } from "../support/sandbox.ts";

const DEMO = [built("src/sandbox/demo/demo.ts")];
const ADDRESS = /http:\/\/localhost:(\d+)\/studio\/runs\/\S+/;
/** Of a busy machine. */
const WITHIN_MS = 45_000;

describe("the demo", () => {
  it("ends with the address of what is most surprising, and with how to get there", async () => {
    using demo = start([]);
    await eventually(() => demo.process.exitCode !== null, WITHIN_MS);
    expect([demo.process.exitCode, demo.output()]).toEqual([0, expect.stringContaining("All as the story expects.")]);
    expect(ADDRESS.exec(demo.output())?.[1]).toBe("4000");
    expect(demo.output().trimEnd()).toMatch(/npm run demo -- --stay$/);
  });

  it("stays at that address when it is asked to, until it is told to stop", async () => {
    using demo = start(["--stay", "--port", "0"]);
    await eventually(() => demo.output().includes("until Ctrl-C"), WITHIN_MS);
    const [address = ""] = ADDRESS.exec(demo.output()) ?? [];
    const page = await (await fetch(address)).text();
    expect(page).toContain("check-in (email) was not sent: ");
    expect(page).toContain("onboarding is completed");
    demo.process.kill("SIGINT");
    expect(await once(demo.process, "exit")).toEqual([0, null]);
  });
});

function start(options: string[]) {
  const folder = testFolder();
  const process = spawn(globalThis.process.execPath, [...DEMO, "--out", folder.path, ...options]);
  let output = "";
  for (const stream of [process.stdout, process.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  return {
    process,
    output: () => output,
    [Symbol.dispose]() {
      process.kill("SIGKILL");
      folder[Symbol.dispose]();
    },
  };
}
