import express from "express";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { serve } from "../../../src/lib/server.ts";
import type { FaultRule } from "../../../src/sandbox/fault-injection.ts";
import { type LocalPostHog, openLocalPostHog } from "../../../src/sandbox/local-posthog/local-posthog.ts";
import { createVirtualClock, type VirtualClock } from "../../../src/sandbox/virtual-clock.ts";
import { createFlagReader } from "../../../src/sources/posthog/flags.ts";

const PROJECT_TOKEN = "phc_1";

let posthog: LocalPostHog;
let clock: VirtualClock;
let now: number;
let calls: number;
let trouble: ReturnType<FaultRule>;

beforeEach(async () => {
  now = 0;
  calls = 0;
  trouble = null;
  clock = createVirtualClock({ startAt: 0, flowing: false });
  posthog = await openLocalPostHog({ projectToken: PROJECT_TOKEN, personalApiKey: "phx_1", clock, port: 0 });
  posthog.injectFault(({ path }) => {
    if (path.startsWith("/flags")) calls += 1;
    return trouble;
  });
});
afterEach(async () => {
  clock.stop();
  await posthog.close(0);
});

function reader({ projectToken = PROJECT_TOKEN, host = posthog.url, deadlineMs = 10_000 } = {}) {
  return createFlagReader({ posthog: { host, projectToken }, now: () => now, deadlineMs });
}

describe("a feature flag at this moment", () => {
  it("is true, false or a variant, for whom it was set", async () => {
    posthog.setFlag("held-out", false);
    posthog.setFlag("held-out", true, ["ada"]);
    posthog.setFlag("subject-line", "control");
    posthog.setFlag("subject-line", "short", ["ada", "grace"]);
    const flagsOf = reader();
    const keys = ["held-out", "subject-line"] as const;
    expect(await flagsOf("ada", keys)).toEqual({
      outcome: "answered",
      values: { "held-out": true, "subject-line": "short" },
    });
    expect(await flagsOf("grace", keys)).toMatchObject({ values: { "held-out": false, "subject-line": "short" } });
  });

  it("is answered for a person that PostHog has never seen", async () => {
    posthog.setFlag("held-out", true);
    expect(await reader()("nobody", ["held-out"])).toEqual({ outcome: "answered", values: { "held-out": true } });
  });

  it.each(["no-such-flag", "constructor"])("is false when PostHog does not have it: %s", async (key) => {
    posthog.setFlag("held-out", true);
    expect(await reader()("ada", [key])).toEqual({ outcome: "answered", values: { [key]: false } });
  });

  it("leaves no trace in PostHog", async () => {
    posthog.setFlag("held-out", true);
    await reader()("ada", ["held-out"]);
    expect(posthog.state).toMatchObject({ events: [], persons: [] });
  });

  it("is read as by a server, so that PostHog does not derive the person's location", async () => {
    const bodies: unknown[] = [];
    const app = express()
      .use(express.json())
      .post("/flags", ({ body, query }, response) => {
        bodies.push({ ...body, ...query });
        response.json({ flags: {}, errorsWhileComputingFlags: false, requestId: "1" });
      });
    const server = await serve(app, { port: 0 });
    await reader({ host: server.url })("ada", ["held-out"]);
    await server.close();
    expect(bodies).toEqual([
      {
        v: "2",
        api_key: PROJECT_TOKEN,
        distinct_id: "ada",
        flag_keys_to_evaluate: ["held-out"],
        evaluation_runtime: "server",
        geoip_disable: true,
      },
    ]);
  });
});

describe("when PostHog cannot say", () => {
  const detail = (flag: object) => ({ key: "held-out", enabled: false, variant: null, ...flag });
  const cases: Array<[Exclude<typeof trouble, null>, string]> = [
    [{ status: 500 }, "PostHog answered 500"],
    [{ status: 402 }, "PostHog answered 402"],
    ["hang up", "fetch failed"],
    [{ status: 200, body: { featureFlags: {} } }, "flags"],
    [{ status: 200, body: { flags: {}, quotaLimited: ["feature_flags"] } }, "quota"],
    [{ status: 200, body: { flags: {}, errorsWhileComputingFlags: true } }, "held-out"],
    [
      { status: 200, body: { flags: { "held-out": detail({ failed: true }) }, errorsWhileComputingFlags: true } },
      "held-out",
    ],
  ];

  it.each(cases)("a flag is unavailable, which is not false: %j", async (given, why) => {
    trouble = given;
    const answer = await reader()("ada", ["held-out"]);
    expect(answer).toEqual({ outcome: "unavailable", why: expect.stringContaining(why) });
  });

  it("it is so for a token of another project", async () => {
    const answer = await reader({ projectToken: "phc_other" })("ada", ["held-out"]);
    expect(answer).toEqual({ outcome: "unavailable", why: expect.stringContaining("POSTHOG_PROJECT_TOKEN") });
  });

  it("it is so without a listener", async () => {
    const server = await serve(express(), { port: 0 });
    await server.close();
    const answer = await reader({ host: server.url })("ada", ["held-out"]);
    expect(answer).toEqual({ outcome: "unavailable", why: expect.stringContaining("ECONNREFUSED") });
  });

  it("it is so when no answer comes in time", async () => {
    trouble = { delayMs: 60_000 };
    const answer = await reader({ deadlineMs: 20 })("ada", ["held-out"]);
    expect(answer).toEqual({ outcome: "unavailable", why: "PostHog did not answer within 20 ms" });
  });

  it("a flag is still answered when it is another one that failed", async () => {
    trouble = {
      status: 200,
      body: {
        flags: { "held-out": detail({ enabled: true }), broken: detail({ failed: true }) },
        errorsWhileComputingFlags: true,
      },
    };
    const flagsOf = reader();
    expect(await flagsOf("ada", ["held-out"])).toEqual({ outcome: "answered", values: { "held-out": true } });
    expect(await flagsOf("ada", ["held-out", "broken"])).toMatchObject({ outcome: "unavailable" });
  });

  it("it is remembered for a moment, so that a bridge call waits for it once, but not longer", async () => {
    posthog.setFlag("held-out", true);
    const flagsOf = reader();
    trouble = { status: 500 };
    await flagsOf("ada", ["held-out"]);
    trouble = null;
    expect(await flagsOf("ada", ["held-out"])).toMatchObject({ outcome: "unavailable" });
    expect(calls).toBe(1);
    now += 1_000;
    expect(await flagsOf("ada", ["held-out"])).toMatchObject({ values: { "held-out": true } });
  });

  it("it is not asked again while it wants a pause", async () => {
    const flagsOf = reader();
    trouble = { status: 429, headers: { "retry-after": "60" } };
    await flagsOf("ada", ["held-out"]);
    trouble = null;
    expect(await flagsOf("grace", ["held-out"])).toEqual({ outcome: "unavailable", why: "PostHog asked for a pause" });
    expect(calls).toBe(1);
  });
});

describe("asking", () => {
  it("is one call for all who want to know of the same person at once, whichever flags", async () => {
    posthog.setFlag("held-out", true);
    posthog.setFlag("subject-line", "short");
    const flagsOf = reader();
    const asks = Array.from({ length: 100 }, (_, index) =>
      flagsOf("ada", [index % 2 === 0 ? "held-out" : "subject-line"]),
    );
    const answers = await Promise.all(asks);
    expect(answers.slice(0, 2)).toEqual([
      { outcome: "answered", values: { "held-out": true } },
      { outcome: "answered", values: { "subject-line": "short" } },
    ]);
    expect(new Set(answers.map(({ outcome }) => outcome))).toEqual(new Set(["answered"]));
    expect(calls).toBe(1);
  });

  it("is one call while it is in progress, too", async () => {
    const flagsOf = reader();
    const first = flagsOf("ada", ["held-out"]);
    await new Promise(setImmediate);
    now += 5_000;
    await Promise.all([first, flagsOf("ada", ["held-out"])]);
    expect(calls).toBe(1);
  });

  it("is remembered for a moment, but not longer, and for one person only", async () => {
    posthog.setFlag("held-out", false);
    const flagsOf = reader();
    await flagsOf("ada", ["held-out"]);
    posthog.setFlag("held-out", true);
    expect(await flagsOf("ada", ["held-out"])).toMatchObject({ values: { "held-out": false } });
    expect(await flagsOf("grace", ["held-out"])).toMatchObject({ values: { "held-out": true } });
    now += 1_000;
    expect(await flagsOf("ada", ["held-out"])).toMatchObject({ values: { "held-out": true } });
    expect(calls).toBe(3);
  });

  it("learns which flags the code wants, so that later guards of a bridge call find theirs answered", async () => {
    const flagsOf = reader();
    const bridgeCall = async (distinctId: string) => {
      await flagsOf(distinctId, ["held-out"]);
      await flagsOf(distinctId, ["subject-line"]);
    };
    await bridgeCall("ada");
    expect(calls).toBe(2);
    await bridgeCall("grace");
    expect(calls).toBe(3);
  });
});
