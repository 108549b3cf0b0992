import { describe, expect, it } from "vitest";
import { testSandbox } from "../support/sandbox.ts";

describe("the sweep", () => {
  it("forgets after the retention what is over, in steps, and keeps what is young", async () => {
    await using sandbox = await testSandbox();
    for (let index = 0; index < 60; index += 1) signUp(sandbox, `person-${index}`);
    await sandbox.settled();
    await sandbox.travel({ days: 60 });
    signUp(sandbox, "late");
    await sandbox.travel({ days: 41 });

    const { store } = sandbox.app;
    const left = await Promise.all(["person-0", "person-59", "late"].map((id) => store.people.listRecords(id)));
    expect(left.map(({ events, runs, decisions }) => [events.length, runs.length, decisions.length])).toEqual([
      [0, 0, 0],
      [0, 0, 0],
      [1, 1, 5],
    ]);
  });

  it("goes on the next day when it failed", async () => {
    await using sandbox = await testSandbox();
    signUp(sandbox, "ada");
    await sandbox.settled();
    const { prune } = sandbox.app.store;
    let failures = 0;
    sandbox.app.store.prune = () => {
      failures += 1;
      return Promise.reject(new Error("disk full"));
    };
    await sandbox.travel({ days: 95 });
    expect(failures).toBeGreaterThan(90);
    sandbox.app.store.prune = prune;
    await sandbox.travel({ days: 1 });
    expect((await sandbox.app.store.people.listRecords("ada")).events).toEqual([]);
  });
});

function signUp(sandbox: Awaited<ReturnType<typeof testSandbox>>, distinctId: string): void {
  sandbox.posthog.capture({
    event: "user_signed_up",
    distinctId,
    properties: { $set: { email: `${distinctId}@example.com` } },
  });
}
