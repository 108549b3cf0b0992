import { execFileSync, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, cpSync, existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LOCAL_KEYS } from "../../src/sandbox/local-keys.ts";
import { environment, spawnApp } from "../support/app-process.ts";
import { testFolder } from "../support/folder.ts";
import { freePort } from "../support/free-port.ts";
import { eventually, testSandbox } from "../support/sandbox.ts";
import { delivery, post } from "../support/webhook.ts";
import { followDockerfile, type Image, isRoot } from "./dockerfile.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const REVISION = "eb7220b0c4f1d2a39b5e6f708192a3b4c5d6e7f8";
const BUILT_WITHIN_MS = 240_000;

/** The command that starts the built app; only root can run it as another user. */
const asUser = ({ user, at, workdir }: Image) => ({ cwd: at(workdir), ...(isRoot && user) });
if (!isRoot)
  process.stderr.write("not root: what is shipped is run by this user, in a tree that it may not write to\n");

/** There is no Docker engine in a test: its folders stand in for images, built by the lines of the Dockerfile. */
describe("the build", () => {
  const folder = testFolder();
  let image: Image;

  beforeAll(() => {
    // Another user must be able to read it.
    chmodSync(folder.path, 0o755);
    const context = join(folder.path, "context");
    sendContext(context);
    image = followDockerfile({
      file: join(root, "Dockerfile"),
      context,
      installed: join(root, "node_modules"),
      into: folder.path,
      env: { ...commandEnvironment(), GIT_REVISION: REVISION },
    });
    execFileSync("chmod", ["-R", "a-w", image.at(image.workdir)]);
  }, BUILT_WITHIN_MS);
  afterAll(() => {
    if (!isRoot) execFileSync("chmod", ["-R", "u+w", folder.path]);
    folder[Symbol.dispose]();
  }, BUILT_WITHIN_MS);

  it("has what was built, and the one package that is not in the build, in 30 MB", () => {
    const inside = (path: string) => readdirSync(image.at(join(image.workdir, path))).sort();
    expect([inside(""), inside("node_modules")]).toEqual([["dist", "node_modules", "package.json"], ["@libsql"]]);
    expect([inside("dist"), inside("dist/src")]).toEqual([
      ["chunks", "src"],
      ["cli.js", "main.js"],
    ]);
    const files = filesIn(image.at(image.workdir));
    expect(files.reduce((bytes, file) => bytes + statSync(file).size, 0) / 1024 ** 2).toBeLessThan(30);
    const texts = files.filter((file) => file.endsWith(".js")).map((file) => readFileSync(file, "utf8"));
    const ofSandbox = [LOCAL_KEYS.novu, LOCAL_KEYS.backend, LOCAL_KEYS.segmentSecret];
    expect(ofSandbox.filter((key) => texts.join().includes(key))).toEqual([]);
  });

  it("is sent what it asks for, and nothing else", () => {
    const copied = [...readFileSync(join(root, "Dockerfile"), "utf8").matchAll(/^COPY (?!--)(.+) \S+$/gm)];
    const sources = new Set(copied.flatMap(([, sources = ""]) => sources.split(" ")));
    expect([...sources].sort()).toEqual(allowed().sort());
  });

  it("runs as a user who may write to the data folder only, and is healthy", async () => {
    await using sandbox = await testSandbox();
    await using app = await start(sandbox);
    expect(await (await fetch(`${app.url}/readyz`)).json()).toEqual({ status: "ready", revision: REVISION });
    expect(await healthOf(app.env)).toBe(0);
    expect(await healthOf({ ...app.env, PORT: String(await freePort()) })).toBe(1);

    const write = `require("node:fs").writeFileSync(process.argv[1], "")`;
    const mayWrite = (path: string) =>
      spawnSync(process.execPath, ["-e", write, image.at(path)], asUser(image)).status === 0;
    expect([mayWrite("/data/note"), mayWrite("/app/note"), mayWrite("/app/dist/src/main.js")]).toEqual([
      true,
      false,
      false,
    ]);
    expect(megabytesOf(app.process.pid)).toBeLessThan(130);
  });

  it("takes an event to Novu, ends on SIGTERM within 5 s though both hang, and goes on after a restart", async () => {
    await using sandbox = await testSandbox();
    const [first, second] = [crypto.randomUUID(), crypto.randomUUID()];
    const at = new Date().toISOString();
    const triggered = () => sandbox.novu.triggers.map(({ transactionId }) => transactionId);
    const reported = () =>
      sandbox.posthog.state.events
        .filter(({ event }) => event === "notification triggered")
        .map(({ properties }) => properties.transaction_id);
    const held = { novu: 0, posthog: 0 };
    const hang = (who: keyof typeof held) => () => {
      held[who] += 1;
      return { delayMs: 600_000, status: 503 };
    };
    {
      await using app = await start(sandbox);
      sandbox.posthog.injectFault(hang("posthog"));
      expect((await post(app.url, delivery({ uuid: first, timestamp: at }))).status).toBe(202);
      await eventually(() => triggered().includes(`${first}:onboarding`) && held.posthog > 0);

      sandbox.novu.injectFault(hang("novu"));
      const unlucky = delivery({ uuid: second, distinctId: "grace", timestamp: at });
      expect((await post(app.url, unlucky)).status).toBe(202);
      await eventually(() => held.novu > 0);
      const patience = setTimeout(() => app.process.kill("SIGKILL"), 5_000);
      app.process.kill("SIGTERM");
      expect(await once(app.process, "exit")).toEqual([0, null]);
      clearTimeout(patience);
      expect(reported()).toEqual([]);
      expect(app.output()).toContain('"outcome":"stopped"');
      expect(app.output()).not.toMatch(/ada@example\.com|Lovelace|local-novu-secret-key|phx_local|phc_local|whsec_/);
    }
    sandbox.novu.injectFault(null);
    sandbox.posthog.injectFault(null);
    await using _restarted = await start(sandbox);
    await eventually(() => reported().length > 1);
    const runs = [`${first}:onboarding`, `${second}:onboarding`];
    expect([triggered(), reported().sort()]).toEqual([runs, runs.toSorted()]);
  });

  async function start(sandbox: Parameters<typeof environment>[0]) {
    const dataDir = image.at(image.env.DATA_DIR ?? "");
    const port = String(await freePort());
    const env = { ...environment(sandbox, dataDir), ...image.env, DATA_DIR: dataDir, PORT: port };
    const [node, ...args] = image.cmd;
    expect(node).toBe("node");
    const starting = spawnApp(env, args, asUser(image));
    const url = await starting.listening();
    if (url === null) throw new Error(`it ended before it listened: ${starting.output()}`);
    return { ...starting, url, env };
  }

  async function healthOf(env: Record<string, string>): Promise<number> {
    const [, ...args] = image.healthcheck;
    const { process: check } = spawnApp(env, args, asUser(image));
    const [code] = await once(check, "exit");
    return Number(code);
  }
});

/** The files that Docker would get. */
function sendContext(to: string): void {
  for (const path of allowed()) cpSync(join(root, path), join(to, path), { recursive: true });
}

/** The files that .dockerignore includes; it excludes everything else. */
function allowed(): string[] {
  const [first, ...exceptions] = readFileSync(join(root, ".dockerignore"), "utf8").trim().split("\n");
  if (first !== "*") throw new Error(".dockerignore lets through what it does not name");
  return exceptions.map((line) => line.replace(/^!/, ""));
}

/** Of the commands of the Dockerfile; what npm has at hand need not be fetched again. */
function commandEnvironment(): Record<string, string> {
  const own = Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_ENV|VITEST|NODE_OPTIONS)/i.test(name));
  const quick = { npm_config_prefer_offline: "true", npm_config_audit: "false", npm_config_fund: "false" };
  return { ...(Object.fromEntries(own) as Record<string, string>), ...quick };
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
}

/** In memory, as Linux has it; nothing elsewhere. */
function megabytesOf(pid: number | undefined): number {
  const file = `/proc/${pid}/status`;
  if (!existsSync(file)) return 0;
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(file, "utf8"))?.[1]) / 1024;
}
