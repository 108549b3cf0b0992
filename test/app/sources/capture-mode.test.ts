import { afterEach, beforeEach, expect, it } from "vitest";
import { oneEmail } from "../../support/product/one-email.tsx";
import { testSandbox } from "../../support/sandbox.ts";

// posthog-node reads this variable itself; in that mode its flush() resolves for any answer of PostHog.
beforeEach(() => {
  process.env.POSTHOG_CAPTURE_MODE = "v1";
});
afterEach(() => {
  delete process.env.POSTHOG_CAPTURE_MODE;
});

it("a report stays in the queue while PostHog answers 500, also with POSTHOG_CAPTURE_MODE=v1", async () => {
  await using sandbox = await testSandbox({ workflows: [oneEmail] });
  sandbox.posthog.injectFault(({ path }) => (/^\/(batch|i)\b/.test(path) ? { status: 500 } : null));
  sandbox.posthog.capture({
    event: "checkout_started",
    distinctId: "ada",
    properties: { checkout_url: "https://app.acme.example/checkout", $set: { email: "ada@example.com" } },
  });
  await sandbox.travel({ seconds: 10 });
  const reports = () => sandbox.posthog.state.events.map(({ event }) => event).filter((name) => /^notif/.test(name));
  const waiting = async () =>
    (await sandbox.app.store.jobs.countByQueue()).find(({ queue }) => queue === "posthog")?.waiting;
  expect([await waiting(), reports()]).toEqual([1, []]);

  sandbox.posthog.injectFault(null);
  await sandbox.travel({ minutes: 2 });
  expect([await waiting(), reports()]).toEqual([0, ["notification triggered"]]);
});
