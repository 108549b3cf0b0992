import { readFileSync } from "node:fs";
import pg from "pg";
import { describe, expect, it } from "vitest";
import { createLog } from "../../src/lib/log.ts";
import { keyOf, sign } from "../../src/lib/verify-webhook.ts";
import { LOCAL_KEYS } from "../../src/sandbox/local-keys.ts";
import type { Sandbox } from "../../src/sandbox/sandbox.ts";
import { openStore } from "../../src/store/open-store.ts";
import { canRunPostgres, openOwnPostgres } from "../support/own-postgres.ts";
import { testSandbox } from "../support/sandbox.ts";

const GUIDE = new URL("../../.github/guides/rotate.md", import.meta.url);
const NEWER = `whsec_${Buffer.from("a newer signing secret, of 24 B+").toString("base64")}`;
/** The secrets in the environment, in the order of the guide, and the secret with which the service signs meanwhile. */
const STEPS: Array<{ here: (old: string) => string[]; there: "old" | "new" }> = [
  { here: (old) => [old], there: "old" },
  { here: (old) => [NEWER, old], there: "old" },
  { here: (old) => [NEWER, old], there: "new" },
  { here: () => [NEWER], there: "new" },
];

describe("a secret that is rotated as the guide says loses no event", () => {
  it("of PostHog's webhooks", { tags: ["long"] }, async () => {
    await using sandbox = await testSandbox();
    const { config, posthog } = sandbox;
    const old = LOCAL_KEYS.signingSecret;
    const captured: string[] = [];
    for (const { here, there } of STEPS) {
      config.posthog.webhookSecrets = here(old);
      await sandbox.restartApp();
      const { url, events } = sandbox.app;
      posthog.connect({ url: `${url}/webhooks/posthog`, signingSecret: there === "old" ? old : NEWER, events });
      const distinctId = `person-${captured.length}`;
      const properties = { $set: { email: `${distinctId}@example.com` } };
      captured.push(posthog.capture({ event: "user_signed_up", distinctId, properties }));
      await sandbox.settled();
    }
    expect(transactionIds(sandbox)).toEqual(captured.map((uuid) => `${uuid}:onboarding`));
  });

  it("of Segment's webhooks", { tags: ["long"] }, async () => {
    await using sandbox = await testSandbox();
    const { config, segment } = sandbox;
    const old = LOCAL_KEYS.segmentSecret;
    const sent: string[] = [];
    for (const { here, there } of STEPS) {
      config.segment!.secrets = here(old);
      await sandbox.restartApp();
      const signingSecret = there === "old" ? old : NEWER;
      segment.connect({ url: `${sandbox.app.url}/webhooks/segment`, signingSecret, way: "webhook" });
      const userId = `person-${sent.length}`;
      segment.send({ type: "identify", userId, traits: { email: `${userId}@example.com` } });
      sent.push(segment.send({ type: "track", userId, event: "User Registered" }));
      await sandbox.travel({ seconds: 2 });
    }
    expect(transactionIds(sandbox)).toEqual(sent.map((id) => `${id}:onboarding`));
  });

  it("of Novu's webhooks", async () => {
    await using sandbox = await testSandbox();
    const { novu } = sandbox.config;
    const old = LOCAL_KEYS.novuSigningSecret;
    for (const { here, there } of STEPS) {
      novu.webhookSecrets = here(old);
      await sandbox.restartApp();
      expect(await knock(sandbox.app.url, there === "old" ? old : NEWER)).toBe(202);
    }
    expect(await knock(sandbox.app.url, old)).toBe(401);
  });

  it("of Novu's API, which has one key at a time: triggers wait for the new one", async () => {
    await using sandbox = await testSandbox();
    const { posthog, novu } = sandbox;
    novu.injectFault(() => ({ status: 401 }));
    const uuid = posthog.capture({ event: "user_signed_up", distinctId: "ada" });
    await sandbox.travel({ minutes: 10 });
    expect(novu.triggers).toEqual([]);

    novu.injectFault(null);
    await sandbox.restartApp();
    await sandbox.travel({ minutes: 10 });
    expect(transactionIds(sandbox)).toEqual([`${uuid}:onboarding`]);
  });

  it.skipIf(!canRunPostgres)("of PostgreSQL, by a second role that acts as the first", { tags: ["long"] }, async () => {
    await using postgres = await openOwnPostgres();
    const [, statements = ""] = /```sql\n(.+?)```/s.exec(readFileSync(GUIDE, "utf8")) ?? [];
    const newerUrl = postgres.url.replace("bridge@", "bridge_2026@");
    const parts = { now: Date.now, log: createLog({ level: "silent" }) };
    const open = (databaseUrl: string) => openStore({ databaseUrl, dataDir: "" }, parts);
    const older = await open(postgres.url);
    await run(postgres.url, statements);
    const newer = await open(newerUrl);
    await Promise.all([older.ping(), newer.ping()]);
    await run(newerUrl, "alter role bridge nologin");
    await Promise.all([older.ping(), newer.ping()]);
    await Promise.all([older.close(), newer.close()]);

    await expect(run(postgres.url, "select 1")).rejects.toThrow("not permitted to log in");
    await run(newerUrl, "alter table events add column note text");
    await (await open(newerUrl)).close();
  });
});

function transactionIds({ novu }: Sandbox): string[] {
  return novu.triggers.map(({ transactionId }) => transactionId);
}

async function run(connectionString: string, statements: string): Promise<void> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    await client.query(statements);
  } finally {
    await client.end();
  }
}

async function knock(appUrl: string, secret: string): Promise<number> {
  const body = JSON.stringify({ type: "message.sent", data: {} });
  const signature = sign({ id: crypto.randomUUID(), body, key: keyOf(secret), nowMs: Date.now() });
  const headers = { "content-type": "application/json", ...signature };
  return (await fetch(`${appUrl}/webhooks/novu`, { method: "POST", headers, body })).status;
}
