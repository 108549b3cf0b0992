import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type App, openApp } from "../../src/app.ts";
import { askBridge } from "../../src/commands/sync/check-bridge.ts";
import { cliErrorOf } from "../../src/commands/sync/novu-cli.ts";
import type { Config } from "../../src/config.ts";
import { createLog } from "../../src/lib/log.ts";
import { serve } from "../../src/lib/server.ts";
import { LOCAL_KEYS } from "../../src/sandbox/local-keys.ts";
import type { Sandbox } from "../../src/sandbox/sandbox.ts";
import { campaign, happen, mail } from "../support/campaign.ts";
import { runCommand, WITH_SEGMENT_ALONE } from "../support/command.ts";
import { withFakeNpx } from "../support/fake-npx.ts";
import { testFolder } from "../support/folder.ts";
import { testProduct } from "../support/product/product.ts";
import { testSandbox } from "../support/sandbox.ts";

const { workflows } = testProduct;

/** The output of every command of this file. */
const printed: string[] = [];

describe("npm run sync", () => {
  let sandbox: Sandbox;
  let folder: ReturnType<typeof testFolder>;
  beforeEach(async () => {
    sandbox = await testSandbox();
    folder = testFolder();
  });
  afterEach(async () => {
    await sandbox[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  async function sync(options: string[] = [], env: Record<string, string> = {}) {
    const { url } = sandbox.app;
    const own = { ...withFakeNpx(folder.path), NOVU_BRIDGE_URL: `${url}/api/novu`, ...env };
    const result = await runCommand(sandbox, "sync", options, { env: own });
    printed.push(result.stdout, result.stderr);
    return result;
  }
  const calls = () =>
    existsSync(join(folder.path, "npx.calls"))
      ? readFileSync(join(folder.path, "npx.calls"), "utf8")
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line) as { args: string[]; names: string[]; analytics: string })
      : [];

  it("publishes by Novu's own command, says what changes before and what Novu has afterwards; then events become messages", async () => {
    const { novu } = sandbox;
    novu.state.workflows = [];
    const dry = await sync(["--dry-run"]);
    expect([dry.code, dry.stderr, novu.state.workflows]).toEqual([3, "", []]);
    expect(dry.stdout).toContain("+ onboarding");
    expect(calls()).toEqual([]);

    const done = await sync(["--json"]);
    const said = JSON.parse(done.stdout) as { after: object; notes: string[]; plan: { changes: object[] } };
    expect([done.code, done.stderr, said.after]).toEqual([
      0,
      "",
      { workflows: workflows.length, steps: expect.any(Number) },
    ]);
    expect(said.plan.changes).toHaveLength(workflows.length);
    expect(said.notes).toEqual([expect.stringContaining("revision")]);
    const [call] = calls();
    expect([call?.args.slice(0, 3), call?.analytics]).toEqual([["--yes", "novu@2.20.1", "sync"], "false"]);
    expect(call?.args.join(" ")).not.toContain(LOCAL_KEYS.novu);
    expect(call?.names.filter((name) => /POSTHOG|LINK|DATABASE/.test(name))).toEqual([]);

    happen(sandbox, "user_signed_up");
    await sandbox.settled();
    expect(novu.state.messages.map(({ workflowId, stepId }) => `${workflowId} ${stepId}`)).toContain(
      "onboarding welcome",
    );
    expect((await sync(["--dry-run"], WITH_SEGMENT_ALONE)).stdout).toContain("Nothing to do");
  });

  it("distinguishes a wrong key, a bridge with another key, a dead bridge and another address", {
    tags: ["long"],
  }, async () => {
    const wrong = await sync([], { NOVU_SECRET_KEY: "some-other-secret-key" });
    expect([wrong.code, wrong.stderr]).toEqual([7, expect.stringContaining("has another NOVU_SECRET_KEY")]);
    // Both have it, and Novu does not know it.
    const { config } = sandbox;
    await using unknown = await openOwnApp({
      ...config,
      dataDir: join(folder.path, "data"),
      novu: { ...config.novu, secretKey: "some-other-secret-key" },
    });
    const refused = await sync([], {
      NOVU_SECRET_KEY: "some-other-secret-key",
      NOVU_BRIDGE_URL: `${unknown.url}/api/novu`,
    });
    expect([refused.code, refused.stderr]).toEqual([5, expect.stringContaining("is NOVU_SECRET_KEY the secret key")]);
    const elsewhere = await sync([], { NOVU_BRIDGE_URL: `${sandbox.app.url}/novu` });
    expect([elsewhere.code, elsewhere.stderr]).toEqual([6, expect.stringContaining("end in /api/novu")]);
    const { url } = sandbox.app;
    await sandbox.app.stop();
    const dead = await sync(["--json"], { NOVU_BRIDGE_URL: `${url}/api/novu` });
    expect([dead.code, JSON.parse(dead.stdout)]).toMatchObject([
      6,
      { error: { kind: "bridge", message: expect.stringContaining("the bridge does not answer") } },
    ]);
    expect(calls()).toEqual([]);
  });

  it("says what is missing, and how it is used", async () => {
    const noKey = await sync([], { NOVU_SECRET_KEY: "" });
    expect([noKey.code, noKey.stderr]).toEqual([1, "NOVU_SECRET_KEY is missing\n"]);
    const noBridge = await sync([], { NOVU_BRIDGE_URL: "", PUBLIC_URL: "" });
    expect([noBridge.code, noBridge.stderr]).toEqual([1, expect.stringContaining("NOVU_BRIDGE_URL is missing")]);
    expect((await sync(["--revision", "main"])).code).toBe(2);
    expect((await sync(["--help"])).stdout).toContain("--allow-removals");
  });

  it("refuses what would delete, with the people who wait in it, until it is named", async () => {
    await using other = await testSandbox({ workflows: [...workflows, old], startAt: Date.now() });
    for (const distinctId of ["ada", "grace"]) happen(other, "called", { distinctId });
    await other.settled();
    await other.app.stop();
    await using app = await openOwnApp(other.config);
    const env = {
      DATA_DIR: other.config.dataDir,
      NOVU_API_URL: other.novu.url,
      NOVU_BRIDGE_URL: `${app.url}/api/novu`,
    };
    const published = () => other.novu.state.workflows.map(({ workflowId }) => workflowId);

    const plan = await runCommand(other, "plan", []);
    expect([plan.code, plan.stdout]).toEqual([
      3,
      expect.stringContaining("- old  (2 people in progress: their runs end"),
    ]);
    const refused = await sync([], env);
    expect([refused.code, refused.stderr]).toEqual([
      4,
      expect.stringContaining("people would or might lose messages: old (2 people wait). Nothing was changed."),
    ]);
    expect([(await sync(["--allow-removals", "others"], env)).code, published().includes("old")]).toEqual([4, true]);
    expect((await sync(["--allow-removals=old"], env)).code).toBe(0);
    expect(published()).toEqual(workflows.map(({ id }) => id));
  });

  it("asks for leave for a message that is removed or goes by another channel, and for a payload that does not fit", async () => {
    await using other = await testSandbox({ startAt: Date.now() });
    happen(other, "user_signed_up");
    other.posthog.capture({ event: "subscription_upgraded", distinctId: "ada", properties: { plan: "pro" } });
    await other.settled();
    await other.app.stop();
    await using app = await openOwnApp(other.config);
    const env = {
      DATA_DIR: other.config.dataDir,
      NOVU_API_URL: other.novu.url,
      NOVU_BRIDGE_URL: `${app.url}/api/novu`,
    };
    const published = (id: string) => other.novu.state.workflows.find(({ workflowId }) => workflowId === id)!;
    // As if the version before had had another payload, one message more and another by SMS; and a wait less.
    published("upgrade").payload = { schema: { properties: { plan: { type: "number" } } } };
    const before = published("onboarding");
    before.steps = [
      ...before.steps
        .filter(({ stepId }) => stepId !== "until-day-5-2")
        .map((step) => (step.stepId === "check-in" ? { ...step, type: "sms" } : step)),
      { stepId: "gone", type: "email" },
    ];
    const asked = await sync([], env);
    expect([asked.code, asked.stderr]).toEqual([
      4,
      "people would or might lose messages: onboarding/check-in (1 person waits), onboarding/gone (1 person waits), upgrade/payload (1 person waits). Nothing was changed. To allow it: --allow-removals=onboarding/check-in,onboarding/gone,upgrade/payload\n",
    ]);
    const some = await sync(["--allow-removals=onboarding/check-in,onboarding/gone"], env);
    expect([some.code, some.stderr]).toEqual([
      4,
      expect.stringContaining("or might lose messages: upgrade/payload (1 person waits)."),
    ]);
    using empty = testFolder();
    const uncounted = await sync(["--allow-removals=onboarding/check-in,onboarding/gone"], {
      ...env,
      DATA_DIR: empty.path,
    });
    expect([uncounted.code, uncounted.stderr]).toEqual([
      4,
      expect.stringContaining("upgrade/payload (the number of waiting people"),
    ]);
    expect(published("onboarding")).toBe(before);

    const all = "--allow-removals=onboarding/check-in,onboarding/gone,upgrade/payload";
    expect((await sync([all], env)).code).toBe(0);
    const again = await runCommand(other, "plan", []);
    expect([again.code, again.stdout]).toEqual([0, expect.stringContaining("Nothing to do")]);
  });

  it("asks for no leave for what loses nothing: additions, moves, and waits that are cut otherwise", async () => {
    happen(sandbox, "user_signed_up");
    await sandbox.settled();
    const onboarding = sandbox.novu.state.workflows.find(({ workflowId }) => workflowId === "onboarding")!;
    const [first, second, ...rest] = onboarding.steps.filter(({ stepId }) => stepId !== "check-in");
    onboarding.steps = [second!, first!, ...rest, { stepId: "until-day-10-6", type: "delay" }];
    const dry = await sync(["--dry-run"]);
    expect([dry.code, dry.stderr]).toEqual([3, ""]);
    for (const line of ["+ check-in", "- until-day-10-6", "order of the steps"]) expect(dry.stdout).toContain(line);
    expect(dry.stdout).not.toContain("--allow-removals");
  });

  it("knows the commit that runs, and waits for it when it may", async () => {
    const commit = "0123456789abcdef0123456789abcdef01234567";
    let revision = "fedcba9876543210fedcba9876543210fedcba98";
    let asked = 0;
    await using bridge = await standBefore(sandbox, (path) => {
      // The commit is there, and not yet all of it.
      if (path.includes("action=discover") && asked === 3) return { workflows: [] };
      if (path !== "/readyz") return null;
      asked += 1;
      if (asked > 2) revision = commit;
      return { status: "ready", revision };
    });
    const env = { NOVU_BRIDGE_URL: `${bridge.url}/api/novu` };
    const early = await sync(["--revision", commit], env);
    expect([early.code, early.stderr]).toEqual([9, expect.stringContaining("the bridge runs fedcba")]);
    const waited = await sync(["--revision", commit.slice(0, 12), "--wait", "60"], env);
    expect([waited.code, waited.stdout]).toEqual([0, expect.stringContaining("… the bridge runs fedcba")]);
    expect(waited.pausesMs).toEqual([5_000, 5_000]);
    expect(waited.stdout).toContain("… the bridge and this source tree differ");
    expect(waited.stdout).toContain(`Synced: Novu has ${workflows.length} workflows`);
  });

  it("publishes nothing where discover fails, lacks something, or has empty schemas", async () => {
    let discovered: unknown;
    await using bridge = await standBefore(sandbox, (path) => (path.includes("action=discover") ? discovered : null));
    const env = { NOVU_BRIDGE_URL: `${bridge.url}/api/novu` };
    const complete = (await discoverOf(sandbox)) as { workflows: Array<{ workflowId: string; payload: object }> };
    discovered = { workflows: complete.workflows.slice(1) };
    const lacking = await sync([], env);
    expect([lacking.code, lacking.stderr]).toEqual([8, expect.stringContaining(`tree differ in ${workflows[0]?.id}.`)]);
    const [first, ...rest] = complete.workflows;
    discovered = { workflows: [{ ...first, payload: { schema: { type: "object", properties: {} } } }, ...rest] };
    const empty = await sync([], env);
    expect([empty.code, empty.stderr]).toEqual([8, expect.stringContaining(`the payload of "${workflows[0]?.id}"`)]);
    discovered = { nothing: true };
    expect((await sync([], env)).code).toBe(8);
    expect(calls()).toEqual([]);
  });

  it.each([
    ["other JSON with a health check that says ok", '{"status":"ok"}', 8],
    ["a page", "<!doctype html><title>Welcome</title>", 6],
    ["nothing", "", 6],
  ])("asks Novu for nothing where a 200 brings %s: such a sync deletes every workflow", async (_, body, code) => {
    const server = await serve((_request, response) => void response.writeHead(200).end(body), {
      port: 0,
      host: "127.0.0.1",
    });
    await using _closed = { [Symbol.asyncDispose]: () => server.close(0) };
    const before = structuredClone(sandbox.novu.state.workflows);
    const refused = await sync([], { NOVU_BRIDGE_URL: `${server.url}/api/novu` });
    expect([refused.code, calls(), sandbox.novu.state.workflows]).toEqual([code, [], before]);
    expect(before).toHaveLength(workflows.length);
  });

  it("says so when Novu does not take it, and tries again what may pass", { tags: ["long"] }, async () => {
    const { novu } = sandbox;
    let syncs = 0;
    novu.injectFault(({ path }) => {
      if (path !== "/v1/bridge/sync") return null;
      syncs += 1;
      return syncs === 1 ? { status: 502 } : null;
    });
    const passing = await sync();
    expect([passing.code, passing.stdout]).toEqual([0, expect.stringContaining("… Novu answered 502 to the sync")]);
    expect(passing.pausesMs).toEqual([1_000]);

    // Of a bridge that Novu does not reach, and we do.
    let tries = 0;
    novu.injectFault(({ path }) => {
      if (path !== "/v1/bridge/sync") return null;
      tries += 1;
      const message = `Unable to reach Bridge Endpoint at ${AT}. Run npx novu@latest dev in Local mode.`;
      return { status: 400, body: { statusCode: 400, message } };
    });
    const unreached = await sync();
    expect([unreached.code, tries, unreached.stderr]).toEqual([
      6,
      4,
      expect.stringContaining("Novu cannot use the bridge"),
    ]);

    const body = { statusCode: 400, message: "Maximum number of workflows exceeded" };
    novu.injectFault(({ path }) => (path === "/v1/bridge/sync" ? { status: 400, body } : null));
    const limit = await sync();
    expect([limit.code, limit.stderr]).toEqual([10, expect.stringContaining("Maximum number of workflows exceeded")]);

    novu.injectFault(() => ({ status: 503 }));
    const down = await sync();
    expect([down.code, down.stderr]).toEqual([11, expect.stringContaining("Novu does not answer now")]);
    expect(down.pausesMs).toEqual([1_000, 2_000, 4_000]);
  });

  it("prints no key and no stack in any case", () => {
    expect(printed.length).toBeGreaterThan(20);
    const all = printed.join("\n");
    for (const key of [...Object.values(LOCAL_KEYS).filter((value) => value.length > 5), "some-other-secret-key"])
      expect(all).not.toContain(key);
    expect(all).not.toMatch(/^\s+at |node_modules|Authorization/m);
  });
});

describe("the output of Novu's command when it fails", () => {
  const target = { bridgeUrl: "https://bridge.example/api/novu", apiUrl: "https://api.novu.co", secretKey: "the-key" };
  const failed = (status: number, message: string) =>
    `AxiosError: Request failed with status code ${status}\n  Authorization: 'ApiKey the-key'\n  data: {\n    message: '${message}',\n`;

  it.each<[string, string, string, boolean]>([
    ["Novu does not know the key", failed(401, "API Key not found"), "secret key", false],
    ["the bridge has another key", failed(400, MISMATCH), "another key", false],
    ["the bridge has another key, with its own status", failed(401, MISMATCH), "another key", false],
    ["it does not say so itself", failed(401, `Bridge authentication failed for ${AT}. Please`), "another key", false],
    [
      "an older Novu says that it has another key",
      failed(400, "Bridge URL is not valid. Signature"),
      "another key",
      false,
    ],
    [
      "Novu cannot reach the bridge",
      failed(400, `Unable to reach Bridge Endpoint at ${AT}. Run npx novu`),
      "bridge",
      true,
    ],
    ["a proxy cannot", failed(404, `Could not connect to Bridge Endpoint at ${AT}. Make sure`), "bridge", true],
    ["the bridge is slow", failed(408, `Bridge request timeout for ${AT}`), "bridge", true],
    ["the bridge is in trouble", failed(500, `Unknown bridge request error calling ${AT}`), "bridge", true],
    ["an older Novu cannot reach the bridge", failed(400, "Bridge URL is not valid. ECONNREFUSED"), "bridge", true],
    ["the address is private", failed(400, SSRF), "bridge", false],
    [
      "the address is this machine",
      failed(400, 'bridgeUrl: Requests to "localhost" are not allowed.'),
      "bridge",
      false,
    ],
    [
      "no JSON comes",
      failed(400, `Bridge URL response code is 2xx, but parsing body failed for ${AT}`),
      "bridge",
      false,
    ],
    ["the clocks differ", failed(400, "Signature expired. Please provide"), "another key", false],
    ["too many workflows", failed(400, "20 workflows limit reached"), "limits", false],
    ["not paid", failed(402, "Payment required"), "limits", false],
    ["too fast", failed(429, "API rate limit exceeded"), "novu", true],
    ["down", failed(503, "x"), "novu", true],
    ["no answer", "AxiosError: connect ECONNREFUSED 127.0.0.1:1\n", "novu", true],
    ["no registry", "npm error code ENOTFOUND\nnpm error https://user:pass@registry\n", "cli", false],
    ["anything else", "the-key", "cli", false],
  ])("means: %s", (_what, output, kind, isTransient) => {
    const verdict = cliErrorOf(output, target);
    expect([verdict.error.kind, verdict.isTransient]).toEqual([kind, isTransient]);
    expect(verdict.error.message).not.toMatch(/the-key|user:pass/);
  });

  it("names the setting by which a Novu of one's own calls a private address", () => {
    expect(cliErrorOf(failed(400, SSRF), target).error.message).toMatch(
      /NOVU_SAFE_OUTBOUND_ALLOW names.*API and worker/,
    );
  });

  it("may quote our key nowhere", () => {
    expect(cliErrorOf(failed(400, "no the-key"), target).error.message).toContain("no ***");
  });
});

const AT = "`https://bridge.example/api/novu`";
const SSRF = "The provided bridge URL is blocked by the outbound SSRF policy.";
const MISMATCH =
  "Signature does not match the expected signature. Please ensure the signature provided in the `novu-signature` header is correct and try again.";

const old = campaign({
  id: "old",
  workflow: async ({ step }) => {
    await step.wait("a-day", { days: 1 });
    await step.email("last", mail, { atAnyHour: true });
  },
});

/** Another app of this configuration, on the clock of the machine. */
async function openOwnApp(config: Config): Promise<App & AsyncDisposable> {
  const app = await openApp({ ...config, port: 0 }, { product: testProduct, log: createLog({ level: "silent" }) });
  return { ...app, [Symbol.asyncDispose]: app.stop };
}

async function discoverOf({ app }: Sandbox): Promise<unknown> {
  return (await askBridge(`${app.url}/api/novu`, "discover", LOCAL_KEYS.novu)).json;
}

/** Stands before the app, and may answer in its place. */
async function standBefore(
  { app }: Sandbox,
  instead: (path: string) => unknown,
): Promise<{ url: string } & AsyncDisposable> {
  const server = await serve(
    async (request, response) => {
      const path = request.url ?? "";
      const own = await fetch(`${app.url}${path}`, {
        headers: Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)])),
      });
      const body: unknown = await own.json();
      response.writeHead(own.status, { "content-type": "application/json" });
      response.end(JSON.stringify(instead(path) ?? body));
    },
    { port: 0, host: "127.0.0.1" },
  );
  return { url: server.url, [Symbol.asyncDispose]: () => server.close(0) };
}
