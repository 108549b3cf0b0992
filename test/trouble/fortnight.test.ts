import { expect, it } from "vitest";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { openFortnight } from "../support/fortnight.ts";
import { follow, linksIn } from "../support/links.ts";
import { acts, DAYS, STARTS_AT } from "../support/product/two-weeks.ts";
import { storedEvents } from "../support/stored-events.ts";

const HOUR_MS = 60 * 60 * 1000;
const TIMES = 5;
const OURS = /^notification /;

it("ends with one event for each run, step and status, with five deliveries of each event and kills at any time", {
  timeout: 300_000,
}, async () => {
  await using fortnight = await openFortnight({ startAt: STARTS_AT, times: TIMES });
  const { posthog, segment, novu } = fortnight;
  const seen = new Set<string>();
  const clicked = new Set<string>();
  const kills: Record<number, RegExp> = { 0: /events\/trigger/, 3: /batch/, 5: /^\/r\// };
  let day = -1;

  for (const act of acts) {
    await fortnight.travelTo(STARTS_AT + (act.day * 24 + (act.hour ?? 0)) * HOUR_MS);
    await readMail();
    if (act.day !== day && kills[act.day] !== undefined) fortnight.killAfter(kills[act.day]!);
    day = act.day;
    act.happens({ posthog, segment });
    await fortnight.settled();
    await readMail();
  }
  await fortnight.travelTo(STARTS_AT + DAYS * 24 * HOUR_MS);
  await readMail();
  // A sent message is reported half a minute later.
  await fortnight.travelTo(fortnight.now() + 60_000);
  await readAgain();
  expect(fortnight.kills).toBe(3);
  await fortnight.stopApp();

  const all = posthog.state.events.filter(({ event }) => OURS.test(event));
  const kept = storedEvents(posthog).filter(({ event }) => OURS.test(event));
  const told = kept.map(({ event, properties }) =>
    [properties.transaction_id, properties.step, event.replace(OURS, "")].join(" "),
  );
  expect(told.sort()).toEqual((await owed()).sort());
  expect(all.length).toBeGreaterThanOrEqual(TIMES * kept.length);
  expect(kept.every(({ distinctId }) => /^[a-z]+$/.test(distinctId))).toBe(true);

  /** Each person reads each message and follows its first link, also while the app is down. */
  async function readMail(): Promise<void> {
    for (const message of novu.state.messages) {
      if (seen.has(message.id)) continue;
      seen.add(message.id);
      if (message.channel === "in_app") novu.mark(message.id, "read");
      else novu.report(message.id, "delivered");
      const [link] = linksIn(message);
      if (link === undefined) continue;
      await fortnight.settled();
      await follow(link).catch(async () => {
        await fortnight.settled();
        return follow(link);
      });
      clicked.add(message.id);
    }
    await fortnight.settled();
  }

  /** Days later, when everything counts already. */
  async function readAgain(): Promise<void> {
    for (const message of novu.state.messages) {
      if (message.channel === "in_app") novu.mark(message.id, "read");
      else novu.report(message.id, "delivered");
      await Promise.all(linksIn(message).map((link) => follow(link)));
    }
    await fortnight.settled();
  }

  /** The reports that PostHog must have by now, from the messages at Novu and the decisions in the store. */
  async function owed(): Promise<string[]> {
    const store = await openSqliteStore({ dataDir: fortnight.dataDir, now: fortnight.now });
    const decisions = await store.decisions.list({ limit: 10_000 });
    await store.close();
    const { runs, messages } = novu.state;
    expect(new Set(runs.map(({ transactionId }) => transactionId)).size).toBe(runs.length);
    expect(messages.length).toBe(decisions.filter(({ outcome }) => outcome === "sent").length);
    const of = ({ transactionId, stepId }: (typeof messages)[number]) => `${transactionId} ${stepId}`;
    return [
      ...runs.map(({ transactionId }) => `${transactionId}  triggered`),
      ...decisions.map(({ transactionId, step, outcome }) => `${transactionId} ${step} ${outcome}`),
      ...messages.map((message) => `${of(message)} delivered`),
      ...messages.filter(({ channel }) => channel === "in_app").map((message) => `${of(message)} read`),
      ...messages.filter(({ id }) => clicked.has(id)).map((message) => `${of(message)} clicked`),
    ];
  }
});
