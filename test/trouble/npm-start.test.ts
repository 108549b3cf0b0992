import { spawn } from "node:child_process";
import { copyFileSync, mkdirSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Sandbox } from "../../src/sandbox/sandbox.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { environment } from "../support/app-process.ts";
import { built } from "../support/built.ts";
import { testFolder } from "../support/folder.ts";
import { eventually, testSandbox } from "../support/sandbox.ts";

const PROJECT = fileURLToPath(new URL("../../", import.meta.url));
const ENDED_WITHIN_MS = 5_000;

describe("npm start", () => {
  let sandbox: Sandbox;
  let folder: ReturnType<typeof testFolder>;

  beforeEach(async () => {
    sandbox = await testSandbox();
    folder = testFolder();
    copyFileSync(join(PROJECT, "package.json"), join(folder.path, "package.json"));
    symlinkSync(join(PROJECT, "node_modules"), join(folder.path, "node_modules"));
    mkdirSync(join(folder.path, "data"));
    symlinkSync(dirname(dirname(built("src/main.ts"))), join(folder.path, "dist"));
  });
  afterEach(async () => {
    await sandbox[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  it.each<[string, NodeJS.Signals, (npm: number) => number]>([
    ["SIGTERM to npm, as a host sends it", "SIGTERM", (npm) => npm],
    ["SIGINT to npm and all it started, as Ctrl-C sends it", "SIGINT", (npm) => -npm],
  ])("ends the app on %s", async (_name, signal, whom) => {
    const dataDir = join(folder.path, "data");
    const env = { ...environment(sandbox, dataDir), HOME: folder.path, npm_config_update_notifier: "false" };
    const npm = spawn("npm", ["start"], {
      cwd: folder.path,
      env,
      detached: true,
      stdio: ["ignore", "pipe", "inherit"],
    });
    let output = "";
    npm.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
    let hasClosed = false;
    npm.once("close", () => {
      hasClosed = true;
    });
    try {
      await eventually(() => output.includes('"outcome":"listening"'), 30_000);
      const url = `http://127.0.0.1:${/"port":(\d+)/.exec(output)?.[1]}`;
      expect((await fetch(`${url}/healthz`)).status).toBe(200);

      process.kill(whom(npm.pid as number), signal);
      // npm leads the group; the shell and node are in it. By then their output has been read.
      await eventually(() => hasClosed && !isGroupAlive(npm.pid as number), ENDED_WITHIN_MS);
      expect(output).toContain('"outcome":"stopped"');
      await expect(fetch(`${url}/healthz`)).rejects.toThrow();
      const store = await openSqliteStore({ dataDir, now: Date.now });
      await store.close();
    } finally {
      if (isGroupAlive(npm.pid as number)) process.kill(-(npm.pid as number), "SIGKILL");
    }
  });
});

/** Whether anything is left of what this process has started. */
function isGroupAlive(pid: number): boolean {
  try {
    process.kill(-pid, 0);
    return true;
  } catch {
    return false;
  }
}
