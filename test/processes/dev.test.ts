import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { startProcess } from "../support/command-process.ts";
import { testFolder } from "../support/folder.ts";
import { eventually } from "../support/sandbox.ts";

const DEV = fileURLToPath(new URL("../../src/sandbox/dev/dev.ts", import.meta.url));
/** A busy machine needs this long. */
const WITHIN_MS = 100_000;

it("npm run dev watches, and saves its state when a signal ends it", { timeout: WITHIN_MS + 20_000 }, async () => {
  using folder = testFolder();
  await using dev = startProcess(["--import", "tsx", DEV, "--data", folder.path, "--port", "0"]);
  await eventually(() => dev.hasEnded() || dev.output.stdout.includes("Look"), WITHIN_MS);
  expect(dev.output.stdout).toContain(`ENV_FILE=${folder.path}/.env npm run why -- --person `);
  dev.kill("SIGTERM");
  expect(await dev.ended).toMatchObject({ code: 0, signal: null, stderr: "" });
  expect(existsSync(join(folder.path, "sandbox.json"))).toBe(true);
});
