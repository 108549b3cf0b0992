import { describe, expect, it } from "vitest";
import type { Sandbox } from "../../src/sandbox/sandbox.ts";
import { testSandbox } from "../support/sandbox.ts";
import { type Visitor, visitor } from "../support/studio.ts";

const HOUR_MS = 60 * 60 * 1000;
const START = Date.parse("2026-03-02T09:00:00.000Z");

describe("time in the sandbox", () => {
  it("passes to the next step, an hour, a day, and to the end, and comes back to the page", async () => {
    await using lab = await openLab();
    const { sandbox, here } = lab;
    expect((await travel(here, "step")).headers.get("location")).toBe("/studio/runs?q=ada");
    expect(sandbox.clock.now()).toBe(START);
    capture(sandbox, "user_signed_up");
    await sandbox.settled();
    await travel(here, "hour");
    expect(sandbox.clock.now()).toBe(START + HOUR_MS);
    await travel(here, "step");
    expect(sandbox.clock.now()).toBe(START + 24 * HOUR_MS);
    await travel(here, "day");
    expect(sandbox.clock.now()).toBe(START + 48 * HOUR_MS);
    await travel(here, "end");
    expect(await (await here.get("/api/time")).json()).toMatchObject({ nextStepAt: null });
    expect(await here.text("")).toContain("no step waits");
    await travel(here, "for ever");
  });
});

function travel(here: Visitor, journey: string) {
  return here.post("/time", { journey, here: "/studio/runs?q=ada" });
}

function capture(sandbox: Sandbox, event: string, distinctId = "ada"): string {
  const $set = { email: `${distinctId}@example.com`, name: distinctId };
  return sandbox.posthog.capture({ event, distinctId, properties: { $set } });
}

async function openLab(options: Parameters<typeof testSandbox>[0] = {}) {
  const sandbox = await testSandbox(options);
  return {
    sandbox,
    here: visitor(`${sandbox.app.url}/studio`),
    [Symbol.asyncDispose]: () => sandbox[Symbol.asyncDispose](),
  };
}
