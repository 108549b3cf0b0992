import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { nodeTrouble } from "../../src/lib/supported-node.ts";
import { environment, RUN_APP, startApp } from "../support/app-process.ts";
import { testFolder } from "../support/folder.ts";
import { eventually, testSandbox } from "../support/shipped.ts";
import { delivery, post } from "../support/webhook.ts";

/** These processes use the real clock. */
const NOW = new Date().toISOString();

/** A busy machine needs this long. */
const WITHIN_MS = 100_000;

describe("the process", { timeout: WITHIN_MS + 20_000 }, () => {
  it("does not start without its configuration, and names all that is missing", () => {
    const { status, stderr } = spawnSync(process.execPath, RUN_APP, {
      env: { PATH: process.env.PATH, ENV_FILE: "" },
      encoding: "utf8",
    });
    expect(status).toBe(1);
    for (const name of [
      "PUBLIC_URL",
      "LINK_SIGNING_KEYS",
      "NOVU_SECRET_KEY",
      "POSTHOG_PROJECT_TOKEN",
      "POSTHOG_PROJECT_ID",
      "POSTHOG_PERSONAL_API_KEY",
      "POSTHOG_WEBHOOK_SECRETS",
    ])
      expect(stderr).toContain(`${name} is missing`);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  it("does not start on a port that is taken, and ends", async () => {
    await using sandbox = await testSandbox();
    using folder = testFolder();
    const env = { ...environment(sandbox, folder.path), PORT: new URL(sandbox.app.url).port };
    const { status, stderr } = spawnSync(process.execPath, RUN_APP, { env, encoding: "utf8", timeout: WITHIN_MS });
    expect([status, stderr]).toEqual([1, expect.stringContaining(`port ${env.PORT} is taken`)]);
  });

  it("is alive, ready, and ends cleanly on SIGTERM with what it was doing done", async () => {
    await using sandbox = await testSandbox();
    using folder = testFolder();
    const file = join(folder.path, "settings");
    writeFileSync(file, "INTERNAL_USER=@acme.example\nGIT_REVISION='eb7220b'\nPORT=1\n");
    await using app = await startApp({ ...environment(sandbox, folder.path), ENV_FILE: file });
    expect(await (await fetch(`${app.url}/healthz`)).json()).toEqual({ status: "ok" });
    expect(await (await fetch(`${app.url}/readyz`)).json()).toEqual({ status: "ready", revision: "eb7220b" });
    expect(app.output()).toContain('"trouble":"INTERNAL_USER is no setting of this app; do you mean INTERNAL_USERS?"');
    expect((await fetch(`${app.url}/nothing`)).status).toBe(404);

    expect((await post(app.url, delivery({ timestamp: NOW }))).status).toBe(202);
    app.process.kill("SIGTERM");
    const [code] = await once(app.process, "exit");
    expect(code).toBe(0);
    expect(app.output()).toContain('"outcome":"stopped"');
    const trouble = nodeTrouble(process.versions.node);
    const warnings = app.output().match(/"level":40.*"node":.*/g) ?? [];
    expect(warnings).toEqual(trouble === null ? [] : [expect.stringContaining(trouble)]);
    expect(app.output()).not.toMatch(/ada@example\.com|Lovelace|local-novu-secret-key|phx_local/);
  });

  it("writes Node's warnings as JSON too, and nothing of the request that caused one", async () => {
    await using sandbox = await testSandbox();
    using folder = testFolder();
    await using app = await startApp(environment(sandbox, folder.path));
    const socket = connect(Number(new URL(app.url).port), "127.0.0.1");
    socket.end("GET http://planted:port/ HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
    await once(socket.resume(), "close");
    // About the port, and from Node 26 about its old parser, which express uses.
    await eventually(() => /"code":"DEP01(?:69|70)"/.test(app.output()));
    for (const line of app.output().trim().split("\n")) expect(JSON.parse(line)).toHaveProperty("level");
    expect(app.output()).not.toContain("planted");
  });

  it("ends cleanly on a Ctrl-C that comes twice, as it does under npm", async () => {
    await using sandbox = await testSandbox();
    using folder = testFolder();
    let isAsked = false;
    sandbox.novu.injectFault(() => {
      isAsked = true;
      return { delayMs: 600_000 };
    });
    await using app = await startApp(environment(sandbox, folder.path));
    expect((await post(app.url, delivery({ timestamp: NOW }))).status).toBe(202);
    await eventually(() => isAsked);
    app.process.kill("SIGINT");
    await eventually(() =>
      fetch(`${app.url}/healthz`).then(
        () => false,
        () => true,
      ),
    );
    app.process.kill("SIGINT");
    expect(await once(app.process, "close")).toEqual([0, null]);
    expect(app.output()).toContain('"outcome":"stopped"');
  });

  it("is not ready, and accepts nothing, while its store cannot be written", async () => {
    await using sandbox = await testSandbox();
    sandbox.app.store.ping = () => Promise.reject(new Error("disk full"));
    sandbox.app.store.events.insert = () => Promise.reject(new Error("disk full"));
    const ready = await fetch(`${sandbox.app.url}/readyz`);
    expect([ready.status, await ready.json()]).toEqual([
      503,
      { status: "not ready", reason: "the store cannot be written" },
    ]);
    expect((await post(sandbox.app.url, delivery())).status).toBe(503);
  });

  it("loses nothing to kill -9 between the 202 and the trigger", async () => {
    await using sandbox = await testSandbox();
    using folder = testFolder();
    const env = environment(sandbox, folder.path);
    sandbox.novu.injectFault(() => ({ delayMs: 60_000, status: 503 }));
    {
      await using app = await startApp(env);
      expect(
        (await post(app.url, delivery({ uuid: "0190f1d2-6a4b-7c1e-8f00-3b9f5c2d7e45", timestamp: NOW }))).status,
      ).toBe(202);
      app.process.kill("SIGKILL");
      await once(app.process, "exit");
    }
    expect(sandbox.novu.triggers).toEqual([]);

    sandbox.novu.injectFault(null);
    await using _restarted = await startApp(env);
    await eventually(() => sandbox.novu.triggers.length > 0);
    expect(sandbox.novu.triggers.map(({ transactionId }) => transactionId)).toEqual([
      "0190f1d2-6a4b-7c1e-8f00-3b9f5c2d7e45:onboarding",
    ]);
  });
});
