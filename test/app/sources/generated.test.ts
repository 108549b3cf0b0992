import { expect, it } from "vitest";
import type { Decision } from "../../../src/contracts/decision.ts";
import { createLog } from "../../../src/lib/log.ts";
import { LOCAL_KEYS } from "../../../src/sandbox/local-keys.ts";
import type { Sandbox } from "../../../src/sandbox/sandbox.ts";
import { campaign, mail } from "../../support/campaign.ts";
import { HAPPENS_AT, MARK, type OddLife, type OddPerson, oddLives } from "../../support/odd-people.ts";
import { testSandbox } from "../../support/sandbox.ts";
import { delivery, post } from "../../support/webhook.ts";

const HOUR_MS = 60 * 60 * 1000;
/** Some change in the middle of the wait, the others after Novu got their addresses for its end. */
const MIDDAY_AT = Date.parse(HAPPENS_AT) + 12 * HOUR_MS;
const LATE_AT = Date.parse(HAPPENS_AT) + 24 * HOUR_MS - 30_000;

const workflows = [
  campaign({
    id: "offers",
    async workflow({ step }) {
      await step.email("at-once", mail, { atAnyHour: true });
      await step.wait("a-day", { days: 1 });
      await step.email("after-a-day", mail, { atAnyHour: true });
    },
  }),
  campaign({
    id: "nudges",
    topic: "reminders",
    async workflow({ step, startedAt }) {
      const skip: NonNullable<Parameters<typeof step.email>[2]>["skip"] = ({ person }) => {
        const { plan, last_purchase_at, onboarding_completed } = person;
        if (plan === "pro") return "is on Pro";
        if (onboarding_completed) return "is set up";
        return Date.parse(last_purchase_at ?? "") > startedAt.getTime() && "has bought";
      };
      await step.email("at-once", mail, { skip });
      await step.wait("a-day", { days: 1 });
      await step.email("after-a-day", mail, { skip });
    },
  }),
  campaign({
    id: "receipts",
    category: "transactional",
    async workflow({ step }) {
      await step.email("at-once", mail);
      await step.wait("a-day", { days: 1 });
      await step.email("after-a-day", mail);
    },
  }),
];
const STEPS = workflows.flatMap(({ id }) => [`${id} at-once`, `${id} after-a-day`]);
/** A message that goes out is never of these. */
const MARKETING: Record<string, string[]> = {
  offers: ["all", "offers", "workflow:offers"],
  nudges: ["all", "reminders", "workflow:nudges"],
};

it("people with properties of all forms get what they are to get, at the address of that moment", () => check(40));

it("many people as well", { tags: ["long"], timeout: 180_000 }, () => check(400));

async function check(count: number): Promise<void> {
  const seed = Date.now() % 2 ** 31;
  const lives = oddLives(count, seed);
  const lines: string[] = [];
  const log = createLog({ level: "trace", destination: { write: (line) => void lines.push(line) } });
  const marketing = {
    cap: { most: 1_000, withinMs: 24 * HOUR_MS },
    hours: { from: "09:00", to: "20:00" },
    timeZone: "UTC",
  };
  await using sandbox = await testSandbox({ workflows, plan: "pro", marketing, log });
  await live(sandbox, lives);

  const decided = await sandbox.app.store.decisions.list({ limit: 100_000 });
  const { messages, subscribers } = sandbox.novu.state;
  const reports = sandbox.posthog.state.events.filter(({ event }) => event.startsWith("notification"));
  const personal = [...lines, ...decided, ...reports].map((one) => JSON.stringify(one));
  const faults = [
    ...lives.flatMap((life) =>
      faultsOf(
        life,
        decided.filter(({ distinctId }) => distinctId === life.distinctId),
        messages,
      ),
    ),
    ...lives
      .filter((life) => !isSame(subscribers[life.distinctId]?.email, stateAt(life, Number.POSITIVE_INFINITY).address))
      .map((life) => `${life.distinctId}: Novu ends with another address`),
    ...personal.filter((text) => new RegExp(`${MARK}|@`, "i").test(text)).map((text) => text.slice(0, 300)),
  ];
  expect({ seed, faults }).toEqual({ seed, faults: [] });
  expect(await sandbox.app.store.jobs.count()).toEqual({ waiting: 0, dead: 0 });
  // Each reason was there to be seen, and so were messages.
  const outcomes = new Set(decided.map(({ outcome, reason }) => reason ?? outcome));
  expect([...outcomes].sort()).toEqual(["not needed", "opted out", "sent", "unreachable", "unreadable"]);
  expect(messages.length).toBeGreaterThan(count);
}

/** The events have older properties of these people, and no event has the changes. */
async function live(sandbox: Sandbox, lives: OddLife[]): Promise<void> {
  sandbox.posthog.connect({ url: sandbox.app.url, signingSecret: LOCAL_KEYS.signingSecret, events: [] });
  for (const { distinctId, now } of lives)
    sandbox.posthog.capture({ event: "$set", distinctId, properties: { $set: now.raw } });
  const bodies = lives.map(({ distinctId, snapshot }) =>
    delivery({ event: "called", distinctId, person: snapshot.raw }),
  );
  const answers = await Promise.all(bodies.map((body) => post(sandbox.app.url, body)));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
  for (const changesAt of [MIDDAY_AT, LATE_AT]) {
    await sandbox.travel({ seconds: (changesAt - sandbox.clock.now()) / 1000 });
    for (const life of lives.filter((one) => changeOf(one) === changesAt)) {
      const gone = Object.fromEntries(Object.keys(life.now.raw).map((name) => [name, undefined]));
      sandbox.posthog.setPerson(life.distinctId, { ...gone, ...life.later.raw });
    }
  }
  await sandbox.travel({ days: 4 });
}

/** When the person changes; never for a third of them. */
function changeOf({ distinctId }: OddLife): number {
  return [MIDDAY_AT, LATE_AT, Number.POSITIVE_INFINITY][Number(distinctId.slice("person-".length)) % 3] ?? 0;
}

function stateAt(life: OddLife, atMs: number): OddPerson {
  return changeOf(life) < atMs ? life.later : life.now;
}

/** All that is wrong with the decisions and messages of one person. */
function faultsOf(life: OddLife, decided: Decision[], messages: Sandbox["novu"]["state"]["messages"]): string[] {
  const steps = decided.map(({ workflow, step }) => `${workflow} ${step}`).sort();
  const missing = steps.join() === [...STEPS].sort().join() ? [] : [`${life.distinctId}: decided was ${steps}`];
  return [
    ...missing,
    ...decided.flatMap((decision) => {
      const { transactionId, workflow, step, outcome, reason, decidedAt } = decision;
      const sent = messages.filter((one) => one.transactionId === transactionId && one.stepId === step);
      // Novu asks again, a second later, for a step whose answer took long, and sends it then.
      const person = stateAt(life, Math.max(Date.parse(decidedAt), ...sent.map(({ sentAt }) => sentAt)));
      const found = { outcome, reason, to: sent.map(({ to, sentAt }) => [to, new Date(sentAt).toISOString()]) };
      const says = (what: string) => [
        `${life.distinctId} ${workflow} ${step}: ${what}, ${JSON.stringify({ found, ...briefly(person) })}`,
      ];
      const against = objectionsTo(workflow, person);
      if (sent.length !== (outcome === "sent" ? 1 : 0)) return says("decision and messages differ");
      if (outcome === "sent") {
        if (against.length > 0) return says(`is sent although ${against}`);
        return sent.every(({ to }) => isSame(to, person.address)) ? [] : says("goes to another address");
      }
      if (outcome === "failed" || reason === null) return says("is neither sent nor skipped");
      // Novu cannot be given a first address as late as that.
      if (reason === "unreachable" && changeOf(life) === LATE_AT && life.now.address === null) return [];
      return against.includes(reason) ? [] : says(`is not sent although only ${against} is against it`);
    }),
  ];
}

/** Each reason for which a message must not be sent. */
function objectionsTo(workflow: string, { address, optOuts, isPro, hasBought, isSetUp }: OddPerson): string[] {
  const names = MARKETING[workflow] ?? [];
  const isOptedOut = names.length > 0 && (optOuts === "unreadable" || optOuts.some((one) => names.includes(one)));
  const answers = workflow === "nudges" ? [isPro, hasBought, isSetUp] : [];
  return [
    ...(address === null ? ["unreachable"] : []),
    ...(isOptedOut ? ["opted out"] : []),
    ...(answers.includes("yes") ? ["not needed"] : []),
    ...(answers.includes("unreadable") ? ["unreadable"] : []),
  ];
}

function isSame(one: string | null | undefined, other: string | null): boolean {
  return (one ?? "").toLowerCase() === (other ?? "").toLowerCase();
}

/** With what decides, and as much of it as can be read. */
function briefly({ raw, ...meant }: OddPerson) {
  const decisive = /email|unsubscribed|plan|purchase|completed/i;
  const shown = Object.entries(raw).filter(([name]) => decisive.test(name));
  return { ...meant, raw: shown.map(([name, value]) => `${name}: ${JSON.stringify(value)?.slice(0, 100)}`) };
}
