import { describe, expect, it } from "vitest";
import { createPersonSources } from "../../../src/app/persons.ts";
import { testSandbox } from "../../support/sandbox.ts";

describe("the sandbox", () => {
  it("connects its Segment to the app, after each start of it", async () => {
    await using sandbox = await testSandbox();
    sandbox.segment.send({ type: "page", userId: "ada", name: "Home" });
    await sandbox.settled();
    await sandbox.restartApp();
    sandbox.segment.send({ type: "page", userId: "ada", name: "Pricing" });
    await sandbox.settled();
    const { deliveries } = sandbox.segment.state;
    expect(deliveries.map(({ attempts }) => attempts.map(({ status }) => typeof status))).toEqual([
      ["number"],
      ["number"],
    ]);
  });

  it("reads persons from its Segment as the app does", async () => {
    await using sandbox = await testSandbox();
    sandbox.segment.send({ type: "identify", userId: "ada", traits: { firstName: "Ada" } });
    const found = await createPersonSources(sandbox.config, sandbox.app.store.people).segment?.read(
      ["ada"],
      AbortSignal.timeout(5_000),
    );
    expect(found?.get("ada")).toEqual({ properties: { name: "Ada", first_name: "Ada" }, unreadable: [] });
  });

  it("can be a team's without PostHog", async () => {
    await using sandbox = await testSandbox({ withoutPostHog: true });
    sandbox.posthog.capture({ event: "user_signed_up", distinctId: "ada" });
    await sandbox.settled();
    expect(sandbox.posthog.state.deliveries).toEqual([]);
    expect((await fetch(`${sandbox.app.url}/webhooks/posthog`, { method: "POST" })).status).toBe(404);
    await sandbox.restartApp();
    expect((await fetch(`${sandbox.app.url}/webhooks/posthog`, { method: "POST" })).status).toBe(404);
  });
});
