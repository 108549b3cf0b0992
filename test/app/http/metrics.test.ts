import { describe, expect, it } from "vitest";
import { openApp } from "../../../src/app.ts";
import { createLog } from "../../../src/lib/log.ts";
import { testFolder } from "../../support/folder.ts";
import { testProduct } from "../../support/product/product.ts";
import { testSandbox } from "../../support/sandbox.ts";
import { delivery, post } from "../../support/webhook.ts";

describe("GET /metrics", () => {
  it("counts what came in, what was done and what was decided", async () => {
    await using sandbox = await testSandbox();
    const { url } = sandbox.app;
    sandbox.posthog.capture({ event: "seen", distinctId: "ada", properties: { $set: { email: "ada@example.com" } } });
    const ada = delivery();
    for (const body of [ada, ada, delivery({ event: "$pageview" }), delivery({ distinctId: "null" }), "{", {}])
      await post(url, body);
    await post(url, ada, { signed: false });
    await post(url, delivery({ event: "checkout_started", properties: { checkout_url: "nowhere" } }));
    await sandbox.settled();

    const numbers = await read(url);
    expect(numbers).toMatchObject({
      'bridge_webhook_answers_total{source="posthog",status="202"}': 7,
      'bridge_webhook_answers_total{source="posthog",status="401"}': 1,
      'bridge_events_total{outcome="accepted"}': 1,
      'bridge_events_total{outcome="duplicate"}': 1,
      'bridge_events_total{outcome="ignored"}': 3,
      'bridge_ignored_events_total{cause="no workflow"}': 1,
      'bridge_ignored_events_total{cause="no person"}': 1,
      'bridge_ignored_events_total{cause="not JSON"}': 1,
      'bridge_ignored_events_total{cause="not an event"}': 1,
      'bridge_ignored_events_total{cause="does not fit"}': 1,
      'bridge_triggers_total{workflow="onboarding"}': 1,
      'bridge_decisions_total{workflow="onboarding",channel="email",outcome="sent",reason=""}': 1,
      'bridge_workflow_recent{workflow="onboarding",what="entered"}': 1,
      'bridge_workflow_recent{workflow="onboarding",what="sent"}': 2,
      'bridge_workflow_silent{workflow="onboarding"}': 0,
      'bridge_jobs_waiting{queue="novu"}': 0,
      bridge_store_up: 1,
    });
  });

  it("is shown only with the token, if one is set", async () => {
    using folder = testFolder();
    await using sandbox = await testSandbox();
    const config = { ...sandbox.config, dataDir: folder.path, port: 0, metricsToken: "a-token-of-sixteen" };
    const app = await openApp(config, { product: testProduct, log: createLog({ level: "silent" }) });
    try {
      const get = (authorization?: string) =>
        fetch(`${app.url}/metrics`, authorization === undefined ? {} : { headers: { authorization } });
      for (const wrong of [undefined, "", "Bearer a-token-of-sixtee", "bearer  ", "Basic a-token-of-sixteen"]) {
        const refused = await get(wrong);
        expect([refused.status, refused.headers.get("www-authenticate")]).toEqual([401, "Bearer"]);
        expect(await refused.text()).not.toContain("bridge_");
      }
      const shown = await get("Bearer a-token-of-sixteen");
      expect([shown.status, await shown.text()]).toEqual([200, expect.stringContaining("bridge_store_up 1")]);
    } finally {
      await app.stop();
    }
  });

  it("shows how much waits, for how long, what died, and who entered for nothing", async () => {
    await using sandbox = await testSandbox();
    const { url } = sandbox.app;
    sandbox.novu.injectFault(({ path }) => (path === "/v1/events/trigger" ? { status: 503 } : null));
    await post(url, delivery());
    await sandbox.travel({ minutes: 2 });
    const down = await read(url);
    expect(down['bridge_jobs_waiting{queue="novu"}']).toBe(1);
    expect(down['bridge_jobs_total{queue="novu",outcome="postponed"}']).toBeGreaterThan(10);

    sandbox.novu.injectFault(({ path }) => (path === "/v1/events/trigger" ? { status: 400 } : null));
    await sandbox.travel({ minutes: 1 });
    expect(await read(url)).toMatchObject({
      'bridge_jobs_dead{queue="novu"}': 1,
      'bridge_jobs_total{queue="novu",outcome="dead"}': 1,
    });

    sandbox.novu.injectFault(null);
    await post(url, delivery({ event: "checkout_started", properties: { checkout_url: "https://acme.example/c" } }));
    await sandbox.settled();
    const silent = 'bridge_workflow_silent{workflow="drop-off"}';
    expect(await read(url)).toMatchObject({ [silent]: 0 });
    // No Novu is running.
    await sandbox.travel({ hours: 1, minutes: 6 });
    expect(await read(url)).toMatchObject({ [silent]: 1 });
    await sandbox.travel({ days: 9 });
    expect(await read(url)).not.toHaveProperty([silent]);
  });

  it("still counts while the store cannot be read", async () => {
    await using sandbox = await testSandbox();
    sandbox.app.store.jobs.countByQueue = () => Promise.reject(new Error("gone"));
    await post(sandbox.app.url, delivery());
    const numbers = await read(sandbox.app.url);
    expect(numbers).toMatchObject({ bridge_store_up: 0, 'bridge_events_total{outcome="accepted"}': 1 });
  });
});

async function read(url: string): Promise<Record<string, number>> {
  const text = await (await fetch(`${url}/metrics`)).text();
  expect(text).not.toMatch(/\bada\b|example\.com/);
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ") + 1))]),
  );
}
