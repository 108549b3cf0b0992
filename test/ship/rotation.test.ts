import { describe, expect, it } from "vitest";
import { keyOf, sign } from "../../src/lib/standard-webhooks.ts";
import { LOCAL_KEYS, type Sandbox } from "../../src/sandbox/sandbox.ts";
import { testSandbox } from "../support/sandbox.ts";

const NEWER = `whsec_${Buffer.from("a newer signing secret, of 24 B+").toString("base64")}`;
/** What is in the environment, in the order of the guide, and what the other side signs with meanwhile. */
const STEPS: Array<{ here: (old: string) => string[]; there: "old" | "new" }> = [
  { here: (old) => [old], there: "old" },
  { here: (old) => [NEWER, old], there: "old" },
  { here: (old) => [NEWER, old], there: "new" },
  { here: () => [NEWER], there: "new" },
];

describe("a secret that is rotated as the guide says loses no event", () => {
  it("of PostHog's webhooks", async () => {
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
    novu.interfere(() => ({ status: 401 }));
    const uuid = posthog.capture({ event: "user_signed_up", distinctId: "ada" });
    await sandbox.travel({ minutes: 10 });
    expect(novu.triggers).toEqual([]);

    novu.interfere(null);
    await sandbox.restartApp();
    await sandbox.travel({ minutes: 10 });
    expect(transactionIds(sandbox)).toEqual([`${uuid}:onboarding`]);
  });
});

function transactionIds({ novu }: Sandbox): string[] {
  return novu.triggers.map(({ transactionId }) => transactionId);
}

async function knock(appUrl: string, secret: string): Promise<number> {
  const body = JSON.stringify({ type: "message.sent", data: {} });
  const signature = sign({ id: crypto.randomUUID(), body, key: keyOf(secret), nowMs: Date.now() });
  const headers = { "content-type": "application/json", ...signature };
  return (await fetch(`${appUrl}/webhooks/novu`, { method: "POST", headers, body })).status;
}
