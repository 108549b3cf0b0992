import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { createRandom } from "../chaos/random.ts";
import { campaign, happen, mail, reports } from "../support/campaign.ts";
import { eventually, testSandbox } from "../support/sandbox.ts";
import { delivery, post } from "../support/webhook.ts";

const PERSONS = 1_000;
/** As many are on their way at the same time. */
const AT_ONCE = 150;
/** How long PostHog takes to say who a person is: there is something to race with. */
const READ_MS = 1_200;
/** The promise. */
const LATEST_MS = 1_000;

it("no message goes out later than a second after the conversion was accepted, whenever that is", {
  timeout: 180_000,
}, async () => {
  const seed = Date.now() % 2 ** 31;
  process.stderr.write(`race: seed ${seed}\n`);
  const random = createRandom(seed);
  const workflow = campaign({ workflow: ({ step }) => step.email("call", mail, { atAnyHour: true }) });
  await using sandbox = await testSandbox({ workflows: [workflow], plan: "team" });
  sandbox.posthog.injectFault(({ path }) => (path.startsWith("/api/") ? { delayMs: READ_MS } : null));
  // Every other run cannot be cancelled at Novu: what keeps its message back is ours alone.
  sandbox.novu.injectFault(({ method, path }) =>
    method === "DELETE" && /[13579]:/.test(path) ? { status: 400 } : null,
  );
  const deliveredAt = timesOf(sandbox.novu.state.messages);
  const begunAt = timesOf(sandbox.novu.state.runs);
  const acceptedAt = new Map<string, number>();

  const persons = Array.from({ length: PERSONS }, (_, index) => `person-${index}`);
  for (const distinctId of persons) happen(sandbox, "$set", { distinctId });
  const line = persons.values();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const person of line) await live(person);
    }),
  );
  await sandbox.travel({ minutes: 1 });

  const late = persons.filter((person) => lateness(person) > LATEST_MS);
  expect(late.map((person) => `${person} ${Math.round(lateness(person))} ms after`)).toEqual([]);
  // It was a race: many conversions came before the message, many after.
  expect(deliveredAt.size).toBeGreaterThan(PERSONS / 10);
  expect(PERSONS - deliveredAt.size).toBeGreaterThan(PERSONS / 10);
  // And what is recorded is what happened, once for each.
  const decided = await sandbox.app.store.decisions.list({ limit: 2 * PERSONS });
  expect(decided).toHaveLength(PERSONS);
  expect(decided.filter(({ outcome, distinctId }) => (outcome === "sent") !== deliveredAt.has(distinctId))).toEqual([]);
  expect(reports(sandbox).sort()).toEqual(
    decided
      .map(({ transactionId, step, outcome, reason }) => `${transactionId} ${step} ${outcome} ${reason ?? ""}`)
      .sort(),
  );

  /** They are called, and convert at any moment until shortly after the message is out. */
  async function live(distinctId: string): Promise<void> {
    await tell("called", distinctId);
    await eventually(() => begunAt.has(distinctId), 60_000);
    const begun = performance.now();
    // A slow machine would send few messages before a moment of the clock: a third of the persons wait for theirs,
    // but not for a call that Novu repeats, which waits on the virtual clock.
    const isLong = () => performance.now() - begun > 5 * READ_MS;
    if (random() < 1 / 3) await eventually(() => deliveredAt.has(distinctId) || isLong(), 60_000);
    else await sleep(random() * 2 * READ_MS);
    await tell("answered", distinctId);
    acceptedAt.set(distinctId, performance.now());
  }

  /** Until it is accepted, as PostHog does. */
  async function tell(event: string, distinctId: string): Promise<void> {
    const body = delivery({ event, distinctId, uuid: `${event}-${distinctId}` });
    for (;;) {
      const answer = await post(sandbox.app.url, body).catch(() => null);
      if (answer?.status === 202) return;
      await sleep(100);
    }
  }

  function lateness(person: string): number {
    return (deliveredAt.get(person) ?? 0) - (acceptedAt.get(person) ?? 0);
  }
});

/** When each person's came to Novu, by the real clock. */
function timesOf(things: Array<{ subscriberId: string }>): Map<string, number> {
  const times = new Map<string, number>();
  const push = things.push.bind(things);
  things.push = (...added) => {
    for (const { subscriberId } of added) times.set(subscriberId, performance.now());
    return push(...added);
  };
  return times;
}
