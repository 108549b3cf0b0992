import { expect, it } from "vitest";
import { campaign, happen, mail } from "../support/campaign.ts";
import { follow, linksIn } from "../support/links.ts";
import { testSandbox } from "../support/sandbox.ts";
import { storedEvents } from "../support/stored-events.ts";

const TARGET = "https://app.acme.example/offer";
const workflows = [
  campaign({
    category: "transactional",
    async workflow({ step }) {
      await step.email("call", ({ link }) => ({ ...mail(), subject: link(TARGET) }));
      await step.inApp("note", () => ({ body: "Have a look" }));
      await step.wait("half-an-hour", { minutes: 30 });
      await step.email("again", mail, { skip: ({ person }) => person.plan === "pro" && "has bought" });
    },
  }),
];
const START = "2026-03-02T09:00:00.000Z";
const OURS = /^notification /;
const PEOPLE = ["ada", "grace", "linus"];

it.each([
  ["hangs up", "hang up" as const],
  ["fails", { status: 503 }],
])("no attribution is lost while PostHog %s for an hour, and each has its own time", async (_name, trouble) => {
  await using sandbox = await testSandbox({ workflows, plan: "team", novuWebhooks: true });
  for (const person of PEOPLE) happen(sandbox, "called", { distinctId: person, uuid: person, plan: "pro" });
  const { deliveries } = sandbox.posthog.state;
  await sandbox.posthog.idle();
  expect(deliveries.map(({ attempts }) => attempts.at(-1)?.status)).toEqual([202, 202, 202]);
  sandbox.posthog.injectFault(({ path }) => (path.startsWith("/batch") ? trouble : null));
  await sandbox.settled();
  await sandbox.travel({ minutes: 20 });
  for (const message of sandbox.novu.state.messages) {
    if (message.channel === "in_app") sandbox.novu.mark(message.id, "seen");
    for (const link of linksIn(message)) expect((await follow(link)).status).toBe(302);
  }
  await sandbox.travel({ minutes: 40 });
  const told = () =>
    storedEvents(sandbox.posthog)
      .filter(({ event, timestamp }) => OURS.test(event) && timestamp !== START)
      .map(({ event, distinctId, timestamp }) => [distinctId, event.slice(13), timestamp.slice(11, 16)].join(" "))
      .sort();
  expect(told()).toEqual([]);
  await sandbox.restartApp();

  sandbox.posthog.injectFault(null);
  await sandbox.travel({ minutes: 11 });
  expect(told()).toEqual(
    PEOPLE.flatMap((person) => [`${person} clicked 09:20`, `${person} seen 09:20`, `${person} skipped 09:30`]),
  );
  const atOnce = storedEvents(sandbox.posthog).filter(
    ({ event, timestamp }) => OURS.test(event) && timestamp === START,
  );
  const one = ["delivered note", "sent call", "sent note", "triggered "];
  expect(atOnce.map(({ event, properties }) => `${event.slice(13)} ${properties.step ?? ""}`).sort()).toEqual(
    one.flatMap((what) => PEOPLE.map(() => what)),
  );
  expect((await sandbox.app.store.jobs.count()).dead).toBe(0);
});
