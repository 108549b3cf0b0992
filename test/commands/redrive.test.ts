import { describe, expect, it } from "vitest";
import type { Sandbox } from "../../src/sandbox/sandbox.ts";
import { runCommand } from "../support/command.ts";
import { eventually, testSandbox } from "../support/sandbox.ts";
import { delivery, post } from "../support/webhook.ts";

const refused = { status: 400, body: { statusCode: 400, message: "not today" } };

describe("npm run redrive", () => {
  it("lists what died of what, and gives it its attempts again beside the running app", async () => {
    await using sandbox = await testSandbox();
    sandbox.novu.injectFault(({ path }) => (path === "/v1/events/trigger" ? refused : null));
    for (const distinctId of ["ada", "grace"]) await post(sandbox.app.url, delivery({ distinctId }));
    await sandbox.settled();
    sandbox.novu.injectFault(null);

    const cause = "Novu refuses the call (400): not today";
    const listed = await redrive(sandbox);
    expect(listed.code).toBe(3);
    expect(listed.stdout).toContain(`     2 × ${cause}\n`);
    expect(listed.stdout).toMatch(/novu {2}start:[0-9a-f-]+:onboarding {2}after 1 attempt: Novu refuses/);

    const dry = await redrive(sandbox, "--cause", cause, "--dry-run", "--json");
    expect([dry.code, JSON.parse(dry.stdout)]).toEqual([0, { wouldRedrive: 2 }]);
    expect(await sandbox.app.store.jobs.count()).toMatchObject({ dead: 2 });

    const none = await redrive(sandbox, "--cause", "something else");
    expect([none.code, none.stdout]).toEqual([1, "No dead job matches.\n"]);

    const [first] = await sandbox.app.store.jobs.listDead({ limit: 1 });
    expect((await redrive(sandbox, "--id", String(first!.id))).stdout).toBe("1 job will be tried again.\n");
    await eventually(() => sandbox.novu.triggers.length === 1);
    expect((await redrive(sandbox, "--all")).code).toBe(0);
    await eventually(() => sandbox.novu.triggers.length === 2);
    await sandbox.settled();
    const afterwards = await redrive(sandbox, "--json");
    expect([afterwards.code, JSON.parse(afterwards.stdout)]).toEqual([0, { causes: [], dead: [] }]);
  });

  it("changes nothing, and says so, when no app answers or it is another one", async () => {
    await using sandbox = await testSandbox();
    await using other = await testSandbox();
    const { port } = new URL(other.app.url);
    await other.stop();
    for (const [env, complaint] of [
      [{ PORT: port }, `no app answers at http://127.0.0.1:${port}; with SQLite only the running app changes`],
      [{ LINK_SIGNING_KEYS: "of another deployment" }, "does not accept the signature"],
      [{ PORT: new URL(sandbox.segment.url).port }, "is not this app"],
    ] as const) {
      const { code, stdout, stderr } = await runCommand(sandbox, "redrive", ["--all"], { env });
      expect([code, stdout, stderr]).toEqual([1, "", expect.stringContaining(complaint)]);
      expect(stderr).not.toContain("another deployment");
    }
  });

  it("says what is wrong with its options", async () => {
    await using sandbox = await testSandbox();
    for (const [options, complaint] of [
      [["--all", "--id", "1"], "--all, --cause and --id do not go together"],
      [["--id", "x"], '--id "x" is not a number from 1'],
      [["--every"], "--every"],
    ] as const) {
      const { code, stderr } = await redrive(sandbox, ...options);
      expect([code, stderr]).toEqual([2, expect.stringContaining(complaint)]);
    }
  });
});

function redrive(sandbox: Sandbox, ...options: string[]) {
  return runCommand(sandbox, "redrive", options);
}
