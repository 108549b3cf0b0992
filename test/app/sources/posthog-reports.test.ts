import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Decision } from "../../../src/contracts/decision.ts";
import { reportOf } from "../../../src/contracts/report.ts";
import { type LocalPostHog, openLocalPostHog } from "../../../src/sandbox/local-posthog/local-posthog.ts";
import { createVirtualClock, type VirtualClock } from "../../../src/sandbox/virtual-clock.ts";
import { createPostHogReport } from "../../../src/sources/posthog/reports.ts";
import { decision } from "../../support/facts.ts";

const DECISION = decision();
const report = (changes: Partial<Decision> = {}) => reports.report(reportOf(decision(changes)));

let clock: VirtualClock;
let posthog: LocalPostHog;
let reports: ReturnType<typeof createPostHogReport>;

beforeEach(async () => {
  clock = createVirtualClock({ startAt: 0, flowing: false });
  posthog = await openLocalPostHog({ projectToken: "phc_1", personalApiKey: "phx_1", clock, port: 0 });
  reports = createPostHogReport({ host: posthog.url, projectToken: "phc_1" });
});
afterEach(async () => {
  await reports.stop();
  await posthog.close(0);
  clock.stop();
});

describe("a report", () => {
  it("is of the person, at the time of the decision", async () => {
    await report();
    expect(posthog.state.events).toMatchObject([
      {
        event: "notification sent",
        distinctId: "ada",
        timestamp: DECISION.decidedAt,
        properties: {
          workflow: "w",
          step: "welcome",
          channel: "email",
          transaction_id: "u:w",
          event_uuid: "u",
          person_source: "posthog",
          $lib: "posthog-novu-bridge",
        },
      },
    ]);
  });

  it("of the same decision has the same valid uuid, and of another another", async () => {
    await report();
    await report();
    await report({ step: "other" });
    const [first, again, other] = posthog.state.events.map(({ uuid }) => uuid);
    expect(first).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect([again === first, other === first]).toEqual([true, false]);
  });

  it("has the exposures of the message, once however often it is sent", async () => {
    const shown = { variants: { subject: "benefit", offer: "control" }, defaults: ["offer"], exposures: ["subject"] };
    await report(shown);
    await report(shown);
    const [sent, exposed, ...again] = posthog.state.events;
    expect(exposed).toMatchObject({
      event: "$feature_flag_called",
      distinctId: "ada",
      timestamp: DECISION.decidedAt,
      properties: {
        $feature_flag: "subject",
        $feature_flag_response: "benefit",
        "$feature/subject": "benefit",
        $lib: "posthog-novu-bridge",
      },
    });
    expect(sent?.properties).toMatchObject({
      "$feature/subject": "benefit",
      variant: "subject: benefit, offer: control",
      variant_source: "default",
    });
    expect(sent?.properties).not.toHaveProperty("$feature/offer");
    expect(again.map(({ uuid }) => uuid)).toEqual([sent?.uuid, exposed?.uuid]);
    expect(again.map(({ timestamp }) => timestamp)).toEqual([sent?.timestamp, exposed?.timestamp]);
  });

  it("shares its request with those of the same moment", async () => {
    let requests = 0;
    posthog.injectFault(() => {
      requests += 1;
      return null;
    });
    await Promise.all(Array.from({ length: 150 }, (_, index) => report({ step: `s${index}` })));
    expect([posthog.state.events.length, requests]).toEqual([150, 2]);
  });

  it.each([
    ["hangs up", "hang up" as const, "PostHog is down"],
    ["fails", { status: 503 }, "PostHog is down"],
    ["refuses", { status: 400 }, "PostHog did not accept the report"],
  ])("rejects while PostHog %s, and leaves nothing behind to be sent twice", async (_name, trouble, message) => {
    posthog.injectFault(() => trouble);
    await expect(report()).rejects.toThrow(message);
    posthog.injectFault(null);
    await report();
    await report({ step: "other" });
    expect(posthog.state.events).toHaveLength(2);
  });
});
