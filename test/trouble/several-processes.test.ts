import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { environment, startTestApp } from "../support/app-process.ts";
import { testFolder } from "../support/folder.ts";
import { hasPostgres, openTestDatabase } from "../support/postgres.ts";
import { eventually, testSandbox } from "../support/sandbox.ts";
import { delivery, post } from "../support/webhook.ts";

describe.skipIf(!hasPostgres)("two processes on one PostgreSQL", () => {
  it("lose and double nothing when one is killed in the middle", { timeout: 60_000 }, async () => {
    await using sandbox = await testSandbox({ plan: "team" });
    await using database = await openTestDatabase();
    using folder = testFolder();
    const env = { ...environment(sandbox, folder.path), DATABASE_URL: database.url };
    await using one = await startTestApp(env);
    await using other = await startTestApp(env);

    // Every answer of Novu is slow, so that the one that is killed holds work at that moment.
    sandbox.novu.injectFault(({ path }) => (path === "/v1/events/trigger" ? { delayMs: 200 } : null));
    const bodies = Array.from({ length: 60 }, (_, index) =>
      delivery({ distinctId: `person-${index}`, timestamp: new Date().toISOString() }),
    );
    const answers = await Promise.all(
      bodies.flatMap((body, index) => [post(index % 2 === 0 ? one.url : other.url, body), post(other.url, body)]),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    await eventually(() => sandbox.novu.triggers.length > 5);
    one.process.kill("SIGKILL");
    await once(one.process, "exit");

    const started = () => new Set(sandbox.novu.triggers.map(({ transactionId }) => transactionId));
    await eventually(() => started().size === bodies.length, 40_000);
    expect(started()).toEqual(new Set(bodies.map(({ event }) => `${event.uuid}:onboarding`)));
    // A job that the killed process was running may reach Novu twice, with the same id and body; Novu starts it once.
    for (const { transactionId, body } of sandbox.novu.triggers) {
      expect(
        sandbox.novu.triggers
          .filter((trigger) => trigger.transactionId === transactionId)
          .every((trigger) => trigger.body === body),
      ).toBe(true);
    }
    // Novu takes a run up a moment after its answer.
    await sandbox.novu.idle();
    expect(sandbox.novu.state.runs).toHaveLength(bodies.length);
  });
});

describe.skipIf(!hasPostgres)("one process that answers and one that works", () => {
  it("share the road: what the one takes in, the other does", { timeout: 60_000 }, async () => {
    await using sandbox = await testSandbox();
    await using database = await openTestDatabase();
    using folder = testFolder();
    const env = { ...environment(sandbox, folder.path), DATABASE_URL: database.url };
    await using ingress = await startTestApp({ ...env, ROLES: "ingress" });
    const body = delivery({ timestamp: new Date().toISOString() });
    expect((await post(ingress.url, body)).status).toBe(202);

    await using worker = await startTestApp({ ...env, ROLES: "worker" });
    await eventually(() => sandbox.novu.triggers.length === 1);
    expect((await post(worker.url, body)).status).toBe(404);
    expect((await fetch(`${worker.url}/api/novu`)).status).toBe(404);
    expect((await fetch(`${worker.url}/readyz`)).status).toBe(200);
    expect(ingress.output()).not.toContain('"outcome":"triggered"');
    expect(worker.output()).toContain('"outcome":"triggered"');
  });
});
