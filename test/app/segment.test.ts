import { describe, expect, it } from "vitest";
import { event } from "../../src/engine/event.ts";
import { LOCAL_KEYS } from "../../src/sandbox/local-keys.ts";
import type { SegmentCall } from "../../src/sandbox/local-segment/state.ts";
import type { Sandbox } from "../../src/sandbox/sandbox.ts";
import { campaign } from "../support/campaign.ts";
import { loadDestinationFunction } from "../support/destination-function.ts";
import { isTooDeep, nested } from "../support/nested.ts";
import { testSandbox } from "../support/sandbox.ts";
import { postSegment, segmentEvent } from "../support/segment.ts";

// As https://docs.novu.co/guides/webhooks/segment has them.
const PETER = "97980cfea0067";
const IDENTIFY: SegmentCall = {
  type: "identify",
  userId: PETER,
  traits: { name: "Peter Gibbons", email: "peter@example.com", plan: "premium", logins: 5 },
};
const TRACK: SegmentCall = {
  type: "track",
  event: "User Registered",
  properties: { plan: "Pro Annual", accountType: "Facebook" },
  userId: PETER,
};

const SUBSCRIBER = {
  subscriberId: PETER,
  email: "peter@example.com",
  firstName: "Peter",
  lastName: "Gibbons",
  data: { plan: "premium" },
};
const WELCOME = { workflowId: "onboarding", stepId: "welcome", to: "peter@example.com" };

describe("the examples of Novu's guide to Segment", () => {
  it.each([
    ["with PostHog and profiles", {}, "segment"],
    ["without PostHog", { withoutPostHog: true }, "segment"],
    ["without profiles", { withoutProfiles: true }, "own"],
    ["without either", { withoutPostHog: true, withoutProfiles: true }, "own"],
  ])("end in a subscriber and a welcome: %s", async (_name, options, source) => {
    await using sandbox = await testSandbox(options);
    sandbox.segment.send(IDENTIFY);
    await sandbox.settled();
    expect(sandbox.novu.state.subscribers).toEqual({ [PETER]: SUBSCRIBER });

    sandbox.segment.send(TRACK);
    await sandbox.settled();
    expect(answersOf(sandbox)).toEqual([202, 202]);
    expect(emails(sandbox)).toMatchObject([WELCOME]);
    expect((await welcome(sandbox))?.personSource).toBe(source);
  });

  it.each([
    ["in the same moment", 0],
    ["seconds later", 3],
  ])("do so in the other order: %s", async (_name, seconds) => {
    await using sandbox = await testSandbox({ withoutProfiles: true });
    sandbox.segment.send(TRACK);
    if (seconds > 0) await sandbox.travel({ seconds });
    expect(sandbox.novu.triggers).toEqual([]);
    sandbox.segment.send(IDENTIFY);
    await sandbox.travel({ seconds: 2 });
    expect(sandbox.novu.state.subscribers).toEqual({ [PETER]: SUBSCRIBER });
    expect(emails(sandbox)).toMatchObject([WELCOME]);
  });

  it("begin without it in the end, and say why there is no email", async () => {
    await using sandbox = await testSandbox({ withoutProfiles: true });
    sandbox.segment.send(TRACK);
    await sandbox.travel({ seconds: 59 });
    expect(sandbox.novu.triggers).toEqual([]);
    await sandbox.travel({ seconds: 2 });
    expect(sandbox.novu.triggers).toHaveLength(1);
    expect(await welcome(sandbox)).toMatchObject({ reason: "unreachable", detail: "no email address" });
  });

  it("do so by the Destination Function, one by one and as a batch", async () => {
    await using sandbox = await testSandbox();
    const { RetryError, ...handlers } = loadDestinationFunction({ fetch });
    const settings = { endpoint: `${sandbox.app.url}/webhooks/segment`, secret: LOCAL_KEYS.segmentSecret };
    const [identify, track] = [IDENTIFY, TRACK].map((one, index) => segmentEvent({ ...one, messageId: `m${index}` }));
    await handlers.onIdentify(identify!, settings);
    await handlers.onTrack(track!, settings);
    const repeated = await handlers.onBatch([identify!, track!], settings);
    expect(Array.from(repeated, ({ status }) => status)).toEqual([200, 200]);
    await sandbox.settled();
    expect(sandbox.novu.state.subscribers).toEqual({ [PETER]: SUBSCRIBER });
    expect(emails(sandbox)).toMatchObject([WELCOME]);

    await expect(handlers.onTrack(track!, { ...settings, secret: "another secret" })).rejects.toThrow(
      "SEGMENT_SECRETS",
    );
    await sandbox.app.stop();
    await expect(handlers.onTrack(track!, settings)).rejects.toThrow(RetryError);
  });
});

it("a track call may have the address of a person without one, which no other run uses", async () => {
  const on = [event("Ordered", { emailIn: "email" })];
  const workflows = [campaign({ on }), campaign({ id: "other", on: [event("Called")] })];
  await using sandbox = await testSandbox({ workflows, withoutProfiles: true });
  const ordered = { ...TRACK, event: "Ordered", properties: { email: " Peter@shop.example" } };
  sandbox.segment.send({ ...IDENTIFY, traits: { plan: "premium" } });
  sandbox.segment.send(ordered);
  sandbox.segment.send({ ...IDENTIFY, userId: "has-own" });
  sandbox.segment.send({ ...ordered, userId: "has-own" });
  await sandbox.travel({ minutes: 5 });
  sandbox.segment.send({ ...ordered, event: "Called" });
  await sandbox.travel({ minutes: 5 });
  expect(emails(sandbox).map(({ subscriberId, to }) => [subscriberId, to])).toEqual([
    ["has-own", "peter@example.com"],
    [PETER, "Peter@shop.example"],
  ]);
  expect(sandbox.novu.state.subscribers[PETER]?.email).toBeUndefined();
});

describe("a batch", () => {
  it("that comes again makes no second run", { tags: ["long"] }, async () => {
    await using sandbox = await testSandbox();
    const batch = Array.from({ length: 60 }, (_, index) =>
      segmentEvent({ messageId: `m${index}`, userId: `person-${index % 30}`, context: { traits: { phone: "+491" } } }),
    );
    const post = () => postSegment(sandbox.app.url, batch, { secret: LOCAL_KEYS.segmentSecret });
    const first = await Promise.all([post(), post()]);
    const again = await post();
    const sums = await Promise.all([...first, again].map(async (response) => (await response.json()) as Sum));
    expect(sums.reduce((sum, { accepted }) => sum + accepted, 0)).toBe(60);
    expect(sums.at(-1)).toEqual({ accepted: 0, duplicate: 60, ignored: 0 });
    await sandbox.travel({ minutes: 5 });
    const triggered = sandbox.novu.triggers.map(({ transactionId }) => transactionId);
    expect([triggered.length, new Set(triggered).size]).toEqual([60, 60]);
  });

  it("that a stopped app did not take comes again, and counts once", async () => {
    await using sandbox = await testSandbox();
    await sandbox.app.stop();
    sandbox.segment.connect({
      url: `${sandbox.app.url}/webhooks/segment`,
      signingSecret: LOCAL_KEYS.segmentSecret,
      way: "function",
      batchSize: 20,
    });
    sandbox.segment.sendBatch([IDENTIFY, TRACK]);
    await sandbox.segment.idle();
    expect(sandbox.segment.state.deliveries.map(({ attempts }) => attempts.map(({ status }) => status))).toEqual([
      [null],
    ]);
    await sandbox.restartApp();
    sandbox.segment.resend(sandbox.segment.state.messages[0]!.messageId);
    sandbox.segment.resend(sandbox.segment.state.messages[1]!.messageId);
    await sandbox.settled();
    expect(emails(sandbox)).toMatchObject([WELCOME]);
  });
});

describe.skipIf(!isTooDeep(nested(15_000)))("an event that is nested too deep to be written down", () => {
  it("is ignored, alone or in a batch", async () => {
    await using sandbox = await testSandbox();
    const deep = `${"[".repeat(15_000)}${"]".repeat(15_000)}`;
    const poison = JSON.stringify(segmentEvent({ properties: { deep: 1 } })).replace('"deep":1', `"deep":${deep}`);
    const post = async (body: string) => {
      const response = await postSegment(sandbox.app.url, body, { secret: LOCAL_KEYS.segmentSecret });
      return [response.status, await response.json()];
    };
    const reason = "the event cannot be stored";
    expect(await post(poison)).toEqual([202, { ignored: reason }]);
    const sum = { accepted: 1, duplicate: 0, ignored: 1, reasons: [reason] };
    expect(await post(`[${JSON.stringify(segmentEvent())},${poison}]`)).toEqual([202, sum]);
  });
});

describe("a person at Segment", () => {
  it("is never who is anonymous", async () => {
    await using sandbox = await testSandbox();
    const anonymous = { userId: null, anonymousId: "visitor" };
    sandbox.segment.sendBatch([
      { ...IDENTIFY, ...anonymous },
      { ...TRACK, ...anonymous },
      { type: "page", name: "Pricing", ...anonymous },
    ]);
    await sandbox.settled();
    expect([sandbox.novu.state.subscribers, sandbox.novu.triggers]).toEqual([{}, []]);
    const kept = await sandbox.app.store.events.listIgnored({ limit: 10 });
    expect(kept.map(({ source, reason }) => [source, reason])).toEqual(Array(3).fill(["segment", "anonymous"]));
  });

  it("is known to Novu by all traits that arrived, in any order", async () => {
    await using sandbox = await testSandbox({ withoutProfiles: true });
    const identifies = [
      segmentEvent({ type: "identify", timestamp: "2026-03-02T09:00:02.000Z", traits: { plan: "pro" } }),
      segmentEvent({ type: "identify", timestamp: "2026-03-02T09:00:01.000Z", traits: { email: "ada@example.com" } }),
    ];
    for (const identify of identifies) {
      await postSegment(sandbox.app.url, identify, { secret: LOCAL_KEYS.segmentSecret });
      await sandbox.settled();
    }
    expect(sandbox.novu.state.subscribers).toEqual({
      ada: { subscriberId: "ada", email: "ada@example.com", data: { plan: "pro" } },
    });
  });

  it.each(["segment", "posthog"])(
    "who was identified before the bridge was connected is known to Novu as at %s",
    async (place) => {
      await using sandbox = await testSandbox({ withoutProfiles: place === "posthog" });
      const traits = { email: "peter@example.com", name: "Peter Gibbons" };
      const createdAt = "2026-01-01T00:00:00.000Z";
      if (place === "segment")
        sandbox.segment.state.profiles.push({ segmentId: "use_1", userIds: [PETER], traits, createdAt });
      else sandbox.posthog.state.persons.push({ uuid: "p", distinctIds: [PETER], properties: traits, createdAt });
      sandbox.segment.sendBatch([{ type: "track", event: "User Registered", userId: PETER }]);
      await sandbox.settled();
      expect(emails(sandbox)).toMatchObject([WELCOME]);
      expect((await welcome(sandbox))?.personSource).toBe(place);
    },
  );

  it("is the one that an alias leads to, with the traits of both", async () => {
    await using sandbox = await testSandbox({ withoutProfiles: true });
    sandbox.segment.send({ ...IDENTIFY, userId: "before" });
    sandbox.segment.send({ type: "alias", userId: PETER, previousId: "before" });
    await sandbox.settled();
    sandbox.segment.send(TRACK);
    await sandbox.settled();
    expect(emails(sandbox)).toMatchObject([WELCOME]);
  });

  it("is read as they are now, at each step", async () => {
    await using sandbox = await testSandbox();
    sandbox.segment.sendBatch([IDENTIFY, TRACK]);
    await sandbox.travel({ days: 1 });
    sandbox.segment.setTraits(PETER, { onboarding_completed: true });
    await sandbox.travel({ days: 14 });
    const decisions = await sandbox.app.store.decisions.list();
    expect(decisions.find(({ step }) => step === "check-in")).toMatchObject({
      reason: "not needed",
      personSource: "segment",
    });
  });

  it("a person who was deleted there gets nothing more", async () => {
    await using sandbox = await testSandbox();
    sandbox.segment.sendBatch([IDENTIFY, TRACK]);
    await sandbox.travel({ days: 1 });
    sandbox.segment.deleteProfile(PETER);
    await sandbox.travel({ days: 2 });
    const decisions = await sandbox.app.store.decisions.list();
    expect(decisions.find(({ step }) => step === "setup-nudge")).toMatchObject({ reason: "person not found" });
  });
});

interface Sum {
  accepted: number;
  duplicate: number;
  ignored: number;
}

function answersOf({ segment }: Sandbox) {
  return segment.state.deliveries.flatMap(({ attempts }) => attempts.map(({ status }) => status));
}

function emails({ novu }: Sandbox) {
  return novu.state.messages.filter(({ channel }) => channel === "email");
}

async function welcome({ app }: Sandbox) {
  return (await app.store.decisions.list()).find(({ step }) => step === "welcome");
}
