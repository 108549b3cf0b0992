import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { Novu } from "@novu/api";
import { describe, expect, it } from "vitest";
import { NOVU_CLI } from "../../src/commands/sync/novu-cli-version.ts";
import { LOCAL_KEYS } from "../../src/sandbox/local-keys.ts";
import type { Sandbox } from "../../src/sandbox/sandbox.ts";
import { campaign, happen, mail } from "../support/campaign.ts";
import { runCommand } from "../support/command.ts";
import { testProduct } from "../support/product/product.ts";
import { eventually, testSandbox } from "../support/sandbox.ts";

// Novu's own clients, as they are published, against the app and the local Novu.

const { workflows } = testProduct;

/** Its install is 405 MB, so it is used where npx has it, or where NOVU_CLI_INSTALL asks for it. */
const mayInstall = Boolean(process.env.NOVU_CLI_INSTALL);
const npmCache =
  process.env.npm_config_cache ?? (mayInstall ? join(tmpdir(), "posthog-novu-bridge-npx") : join(homedir(), ".npm"));
const installed = cached(npmCache);
const hasCli = installed !== null || mayInstall;
if (!hasCli)
  process.stderr.write(
    `${NOVU_CLI} is not in npx's cache and NOVU_CLI_INSTALL is not set: the tests of Novu's own command are skipped\n`,
  );
/** Of a first install. */
const INSTALLED_WITHIN_MS = 300_000;

describe("@novu/api", () => {
  it("lists the workflows as Novu has them", async () => {
    await using sandbox = await testSandbox();
    const novu = clientOf(sandbox);
    const { result } = await novu.workflows.list({ limit: 2, offset: 2 });
    expect([result.totalCount, result.workflows.map(({ workflowId }) => workflowId)]).toEqual([
      workflows.length,
      workflows.slice(2, 4).map(({ id }) => id),
    ]);
    expect(result.workflows.every(({ origin }) => origin === "external")).toBe(true);
  });

  it("triggers, and keeps subscribers and what they want", async () => {
    await using sandbox = await testSandbox();
    const novu = clientOf(sandbox);
    const { result } = await novu.trigger({
      workflowId: "onboarding",
      to: { subscriberId: "ada", email: "ada@example.com" },
      payload: {},
      transactionId: "t-1",
    });
    expect(result).toMatchObject({ acknowledged: true, status: "processed", transactionId: "t-1" });
    await sandbox.settled();
    expect(sandbox.novu.state.runs.map(({ transactionId }) => transactionId)).toEqual(["t-1"]);
    expect((await novu.cancel("t-1")).result).toBe(true);

    await novu.subscribers.create({ subscriberId: "grace", firstName: "Grace", email: "grace@example.com" });
    await novu.subscribers.patch({ lastName: "Hopper" }, "grace");
    expect((await novu.subscribers.retrieve("grace")).result).toMatchObject({ firstName: "Grace", lastName: "Hopper" });
    await novu.subscribers.preferences.update({ channels: { email: false }, workflowId: "drop-off" }, "grace");
    const { result: preferences } = await novu.subscribers.preferences.list({ subscriberId: "grace" });
    expect(preferences.workflows.map(({ workflow, channels }) => [workflow.identifier, channels.email])).toEqual([
      ["drop-off", false],
    ]);
    expect(sandbox.novu.state.preferences.grace).toEqual({ "drop-off": { email: false } });
    await novu.subscribers.delete("grace");
    expect(sandbox.novu.state.subscribers.grace).toBeUndefined();
  });
});

describe("@novu/api, of what became of messages", () => {
  const journey = campaign({
    async workflow({ step }) {
      await step.email("call", mail, { atAnyHour: true });
      await step.inApp("note", () => ({ body: "b" }));
      await step.wait("a-day", { days: 1 });
      await step.inApp("later", () => ({ body: "b" }));
    },
  });

  it("reads the messages of several runs, page by page, and those that the provider did not take", async () => {
    await using sandbox = await testSandbox({ workflows: [journey] });
    sandbox.novu.refuseMessages(({ subscriberId, channel }) =>
      subscriberId === "ada" && channel === "email" ? "451 try later" : null,
    );
    for (const distinctId of ["ada", "grace", "another"]) happen(sandbox, "called", { distinctId, uuid: distinctId });
    await sandbox.settled();
    const novu = clientOf(sandbox);
    const of = async (transactionId: string[], page: number) =>
      (await novu.messages.retrieve({ transactionId, page, limit: 3 })).result;
    const ids = ["ada:campaign", "grace:campaign"];
    const [first, second] = [await of(ids, 0), await of(ids, 1)];
    expect([first.hasMore, first.totalCount, second.hasMore, second.page]).toEqual([true, 4, false, 1]);
    const messages = [...first.data, ...second.data].map(({ transactionId, channel, status, errorText }) =>
      [transactionId, channel, status, errorText].join(" ").trim(),
    );
    expect(messages.sort()).toEqual([
      "ada:campaign email error 451 try later",
      "ada:campaign in_app sent",
      "grace:campaign email sent",
      "grace:campaign in_app sent",
    ]);
  });

  it("reads the jobs of a run, and how each ended", async () => {
    await using sandbox = await testSandbox({ workflows: [journey] });
    const novu = clientOf(sandbox);
    await novu.subscribers.create({ subscriberId: "ada", email: "ada@example.com" });
    await novu.subscribers.preferences.update({ channels: { email: false }, workflowId: "campaign" }, "ada");
    happen(sandbox, "called", { uuid: "u" });
    await sandbox.settled();
    const { result } = await novu.notifications.list({ transactionId: "u:campaign" });
    expect(result.data).toHaveLength(1);
    expect(
      result.data[0]?.jobs?.map(({ type, status, step, executionDetails }) => [
        ...[step.name, type, status],
        ...executionDetails.map(({ detail }) => detail),
      ]),
    ).toEqual([
      ["call", "email", "canceled", "Step filtered by subscriber workflow preferences"],
      ["note", "in_app", "completed", "Message sent"],
      ["a-day", "delay", "delayed"],
      ["later", "in_app", "pending"],
    ]);
  });

  it("reads a subscriber's Schedule, and what they want of each workflow", async () => {
    await using sandbox = await testSandbox({ workflows: [journey] });
    const novu = clientOf(sandbox);
    await novu.subscribers.create({ subscriberId: "ada" });
    const schedule = {
      isEnabled: true,
      weeklySchedule: { monday: { isEnabled: true, hours: [{ start: "09:00 AM", end: "05:00 PM" }] } },
    };
    await novu.subscribers.preferences.update({ schedule }, "ada");
    await novu.subscribers.preferences.update({ channels: { sms: false } }, "ada");
    const { result } = await novu.subscribers.preferences.list({ subscriberId: "ada" });
    expect(result.global.schedule).toEqual(schedule);
    expect(result.workflows.map(({ workflow, channels }) => [workflow.identifier, channels.sms])).toEqual([
      ["campaign", false],
    ]);
  });
});

describe("novuhq/actions-novu-sync", () => {
  it("is taken, by the one call that it makes", async () => {
    await using sandbox = await testSandbox();
    sandbox.novu.state.workflows = [];
    const response = await fetch(`${sandbox.novu.url}/v1/bridge/sync?source=githubAction`, {
      method: "POST",
      headers: { authorization: `ApiKey ${LOCAL_KEYS.novu}`, "content-type": "application/json" },
      body: JSON.stringify({ bridgeUrl: `${sandbox.app.url}/api/novu` }),
    });
    expect([response.status, sandbox.novu.state.workflows.length]).toEqual([201, workflows.length]);
  });
});

describe.skipIf(!hasCli)("Novu's own command", () => {
  it(
    "is what npm run sync publishes by, and what it prints when it fails is understood",
    async () => {
      await using sandbox = await testSandbox();
      sandbox.novu.state.workflows = [];
      const env = { NOVU_BRIDGE_URL: `${sandbox.app.url}/api/novu`, HOME: homedir(), npm_config_cache: npmCache };
      const done = await runCommand(sandbox, "sync", [], { env });
      expect([done.code, done.stderr]).toEqual([0, ""]);
      expect(done.stdout).toContain(`Synced: Novu has ${workflows.length} workflows`);

      const body = { statusCode: 400, message: "Bridge URL is not valid. Signature mismatch" };
      sandbox.novu.injectFault(({ path }) => (path === "/v1/bridge/sync" ? { status: 400, body } : null));
      const failed = await runCommand(sandbox, "sync", [], { env });
      expect([failed.code, failed.stderr]).toEqual([7, expect.stringContaining("Signature mismatch")]);
      const hungUp = () => "hang up" as const;
      sandbox.novu.injectFault(({ path }) => (path === "/v1/bridge/sync" ? hungUp() : null));
      const down = await runCommand(sandbox, "sync", [], { env });
      expect([down.code, down.stderr]).toEqual([11, expect.stringContaining("does not answer")]);
      const all = [done, failed, down].map(({ stdout, stderr }) => stdout + stderr).join("\n");
      expect(all).not.toMatch(new RegExp(`${LOCAL_KEYS.novu}|^\\s+at |Authorization`, "m"));
    },
    INSTALLED_WITHIN_MS,
  );

  it(
    "finds the bridge healthy in `novu dev`",
    async () => {
      await using sandbox = await testSandbox();
      const { url } = sandbox.app;
      const args = ["--yes", NOVU_CLI, "dev", "--origin", url, "--tunnel", url, "--headless", "--no-studio"];
      const child = spawn("npx", args, {
        env: {
          PATH: process.env.PATH,
          HOME: homedir(),
          npm_config_cache: npmCache,
          ANALYTICS_ENABLED: "false",
          NO_COLOR: "1",
        },
        stdio: ["ignore", "pipe", "pipe"],
        detached: true,
      });
      let output = "";
      for (const stream of [child.stdout, child.stderr])
        stream.setEncoding("utf8").on("data", (text: string) => {
          output += text;
        });
      try {
        await eventually(() => output.includes(`Endpoint  → ${url}/api/novu`) || child.exitCode !== null, 120_000);
        expect(output).toContain(`Endpoint  → ${url}/api/novu`);
      } finally {
        // It and what npx has started for it.
        if (child.exitCode === null) {
          process.kill(-child.pid!, "SIGKILL");
          await once(child, "close");
        }
      }
    },
    INSTALLED_WITHIN_MS,
  );
});

function clientOf({ novu }: Sandbox): Novu {
  return new Novu({
    secretKey: LOCAL_KEYS.novu,
    serverURL: novu.url,
    retryConfig: { strategy: "none" },
    timeoutMs: 5_000,
  });
}

/** Where npx keeps the command, once it has it. */
function cached(cache: string): string | null {
  const folder = join(cache, "_npx");
  const version = NOVU_CLI.split("@").at(-1);
  const names = existsSync(folder) ? readdirSync(folder) : [];
  return (
    names.find((name) => {
      const file = join(folder, name, "node_modules/novu/package.json");
      return existsSync(file) && (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version === version;
    }) ?? null
  );
}
