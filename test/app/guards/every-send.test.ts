import fc from "fast-check";
import { expect, it } from "vitest";
import { event } from "../../../src/engine/event.ts";
import type { Sandbox } from "../../../src/sandbox/sandbox.ts";
import { campaign, mail, reports } from "../../support/campaign.ts";
import { testSandbox } from "../../support/sandbox.ts";

const WEEK_MS = 7 * 24 * 60 * 60 * 1000;
const CAPPED = ["email", "sms"];
/** The sending steps of each workflow. */
const STEPS: Record<string, string[]> = {
  offers: ["first", "second"],
  tips: ["text", "note"],
  reminders: ["mail"],
  receipts: ["receipt"],
};

const workflows = [
  campaign({
    id: "offers",
    holdout: "control",
    on: [event("start offers")],
    exitOn: [event("end offers")],
    async workflow({ step }) {
      await step.email("first", mail);
      await step.wait("a-day", { days: 1 });
      await step.email("second", mail, { skip: ({ person }) => person.plan === "paid" && "has paid" });
    },
  }),
  campaign({
    id: "tips",
    topic: "product_tips",
    on: [event("start tips")],
    exitOn: [event("end tips"), event("end all")],
    whenPersonUnavailable: { hold: "then skip" },
    async workflow({ step }) {
      await step.sms("text", () => ({ body: "A tip" }), { atAnyHour: true });
      await step.inApp("note", () => ({ body: "A tip" }));
    },
  }),
  campaign({
    id: "reminders",
    topic: "reminders",
    on: [event("start reminders")],
    exitOn: [event("end all")],
    whenPersonUnavailable: { hold: "then send" },
    async workflow({ step }) {
      await step.wait("an-hour", { hours: 1 });
      await step.email("mail", ({ person }) => {
        if (person.plan === "broken") throw new Error("cannot be written");
        return mail();
      });
    },
  }),
  campaign({
    id: "receipts",
    category: "transactional",
    on: [event("start receipts")],
    workflow: ({ step }) => step.email("receipt", mail),
  }),
];

const person = fc.record({
  email: fc.option(fc.constant("someone@example.com"), { freq: 4, nil: undefined }),
  phone: fc.option(fc.constant("+4912345"), { nil: undefined }),
  plan: fc.constantFrom("trial", "paid", "broken"),
  unsubscribed_from: fc.oneof(
    { weight: 3, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.subarray(["offers", "product_tips", "reminders", "all"]) },
  ),
  $timezone: fc.constantFrom(undefined, "America/New_York", "Asia/Tokyo", "Pacific/Auckland", "Mars/Olympus_Mons"),
});
const starts = Object.keys(STEPS).map((workflow) => `start ${workflow}`);
const happening = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...starts).map((name) => ({ do: "capture" as const, name })) },
  {
    weight: 1,
    arbitrary: fc.constantFrom("end offers", "end tips", "end all").map((name) => ({ do: "capture" as const, name })),
  },
  { weight: 1, arbitrary: fc.constant({ do: "tell again" as const }) },
  { weight: 1, arbitrary: person.map((properties) => ({ do: "change" as const, properties })) },
  { weight: 1, arbitrary: fc.boolean().map((isHeldOut) => ({ do: "hold out" as const, isHeldOut })) },
);
/** The events of one person, each with its hour in the story. */
const life = fc.record({
  person,
  happenings: fc.array(fc.tuple(fc.integer({ min: 0, max: 14 * 24 }), happening), { minLength: 1, maxLength: 10 }),
});
/** Stretches of hours in which PostHog cannot be asked. */
const outages = fc.array(fc.integer({ min: 0, max: 14 * 24 }), { maxLength: 6 });

it("every message of every run that began ends in one decision, and no person gets more than the cap", {
  tags: ["long"],
  timeout: 180_000,
}, async () => {
  const story = fc.record({ lives: fc.array(life, { minLength: 8, maxLength: 10 }), outages });
  const seed = Date.now() % 2 ** 31;
  await fc.assert(fc.asyncProperty(story, check), { seed, numRuns: 2, endOnFailure: true });
});

type Happening = Made<typeof happening>;
type Made<A> = A extends fc.Arbitrary<infer One> ? One : never;

async function check(story: { lives: Made<typeof life>[]; outages: number[] }): Promise<void> {
  await using sandbox = await testSandbox({ workflows, plan: "team" });
  const told = story.lives.map(() => [] as string[]);
  sandbox.posthog.setFlag("control", false);
  for (const [index, one] of story.lives.entries())
    sandbox.posthog.capture({ event: "$set", distinctId: `p${index}`, properties: { $set: one.person } });

  const moments = story.lives
    .flatMap(({ happenings }, index) => happenings.map(([hour, what]) => ({ hour, index, what })))
    .sort((a, b) => a.hour - b.hour);
  const hours = [
    ...new Set([...moments.map(({ hour }) => hour), ...story.outages, ...story.outages.map((h) => h + 5)]),
  ];
  let now = 0;
  for (const hour of hours.sort((a, b) => a - b)) {
    await sandbox.travel({ hours: hour - now });
    now = hour;
    const isOut = story.outages.some((from) => from <= hour && hour < from + 5);
    sandbox.posthog.injectFault(isOut ? ({ path }) => (path.startsWith("/batch") ? null : "hang up") : null);
    for (const { index, what } of moments.filter((moment) => moment.hour === hour)) happens(index, what);
    await sandbox.settled();
  }
  sandbox.posthog.injectFault(null);
  await sandbox.travel({ days: 5 });
  await expectOneDecisionEach(sandbox);
  expectCapKept(sandbox);

  function happens(index: number, what: Happening): void {
    const distinctId = `p${index}`;
    if (what.do === "capture") told[index]?.push(sandbox.posthog.capture({ event: what.name, distinctId }));
    else if (what.do === "tell again") for (const uuid of told[index]?.slice(-2) ?? []) sandbox.posthog.resend(uuid);
    else if (what.do === "change") sandbox.posthog.setPerson(distinctId, what.properties);
    else sandbox.posthog.setFlag("control", what.isHeldOut, [distinctId]);
  }
}

async function expectOneDecisionEach(sandbox: Sandbox): Promise<void> {
  const decided = await sandbox.app.store.decisions.list({ limit: 100_000 });
  const begun = sandbox.novu.state.runs.flatMap(({ transactionId, workflowId }) =>
    (STEPS[workflowId] ?? []).map((step) => `${transactionId} ${step}`),
  );
  const nameOf = (one: { transactionId: string; step?: string; stepId?: string }) =>
    `${one.transactionId} ${one.step ?? one.stepId}`;
  const names = decided.map(nameOf);
  expect(new Set(names).size).toBe(names.length);
  expect(begun.filter((name) => !names.includes(name))).toEqual([]);
  for (const { outcome, reason } of decided) expect([outcome, reason === null]).toEqual([outcome, outcome === "sent"]);
  // Only messages that cannot be rendered fail, and each message that is decided as sent is sent.
  for (const { outcome, workflow } of decided) if (outcome === "failed") expect(workflow).toBe("reminders");
  const sent = decided.filter(({ outcome }) => outcome === "sent").map(nameOf);
  expect(sandbox.novu.state.messages.map(nameOf).sort()).toEqual(sent.sort());
  const final = decided.filter(({ outcome }) => outcome !== "failed");
  expect(reports(sandbox).sort()).toEqual(
    final.map((one) => `${nameOf(one)} ${one.outcome} ${one.reason ?? ""}`).sort(),
  );
  expect(await sandbox.app.store.jobs.count()).toEqual({ waiting: 0, dead: 0 });
}

function expectCapKept(sandbox: Sandbox): void {
  const { messages } = sandbox.novu.state;
  for (const { subscriberId } of messages) {
    const times = messages
      .filter(
        (one) => one.subscriberId === subscriberId && one.workflowId !== "receipts" && CAPPED.includes(one.channel),
      )
      .map(({ sentAt }) => sentAt)
      .sort((a, b) => a - b);
    for (const [index, at] of times.entries())
      expect((times[index + 3] ?? Number.POSITIVE_INFINITY) - at).toBeGreaterThanOrEqual(WEEK_MS);
  }
}
