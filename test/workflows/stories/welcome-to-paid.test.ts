import { expect, it } from "vitest";
import { welcomeToPaid } from "../../../src/workflows/welcome-to-paid.tsx";
import { emailHtml } from "../../support/emails.ts";
import { openStory } from "../story.ts";

const workflows = [welcomeToPaid];

it("confirms an upgrade at once, at night and to people who opted out of marketing, and helps to use it a day later", async () => {
  await using story = await openStory({ workflows, people: { ada: { unsubscribed_from: ["all"] } } });
  await story.until("day 0 23:00");
  await story.does("ada", "subscription_upgraded", { plan: "pro" }, { plan: "pro" });
  await story.until("day 3 09:00");

  expect(await story.lines()).toEqual([
    "day 0 23:00  ada  welcome-to-paid  welcome  sent",
    "day 1 23:00  ada  welcome-to-paid  unlocked-note  sent",
  ]);
  const [email, note] = story.messages("ada");
  expect(email?.content.subject).toBe("Welcome to Pro");
  expect(email?.content.body).toContain("two years of history");
  expect(note?.content).toMatchObject({
    subject: "What your plan unlocks",
    body: "Ready to use in your workspace: unlimited reports, scheduled reports, and two years of history.",
  });
});

it("skips the note for a plan that was cancelled by then, or that is not listed", async () => {
  await using story = await openStory({ workflows, people: { ada: {}, grace: {}, linus: { email: null } } });
  await story.does("ada", "subscription_upgraded", { plan: "team" }, { plan: "team" });
  await story.does("grace", "subscription_upgraded", { plan: "Galaxy" });
  await story.does("linus", "subscription_upgraded", { plan: "team" }, { plan: "team" });
  await story.until("day 0 20:00");
  story.becomes("ada", { plan: "free" });
  await story.until("day 3 09:00");

  expect(await story.lines()).toEqual([
    "day 0 09:00  ada  welcome-to-paid  welcome  sent",
    "day 0 09:00  grace  welcome-to-paid  welcome  sent",
    "day 0 09:01  linus  welcome-to-paid  welcome  not sent: unreachable: no email address",
    "day 1 09:00  ada  welcome-to-paid  unlocked-note  not sent: not needed: is not on a paid plan any more",
    "day 1 09:00  grace  welcome-to-paid  unlocked-note  not sent: not needed: no features of this plan are listed",
    "day 1 09:01  linus  welcome-to-paid  unlocked-note  sent",
  ]);
  expect(story.subjects("grace")).toEqual(["Welcome to Galaxy"]);
});

it("knows a listed plan however it is written, and shows no text that a stranger sent as a plan", async () => {
  await using story = await openStory({ workflows, people: { ada: {}, grace: {}, linus: {} } });
  await story.does("ada", "subscription_upgraded", { plan: " PRO " });
  await story.does("grace", "subscription_upgraded", { plan: "Win 500 EUR: https://evil.example/win" });
  await story.does("linus", "subscription_upgraded", { plan: "evil.example" });

  expect(story.subjects("ada")).toEqual(["Welcome to Pro"]);
  for (const person of ["grace", "linus"]) {
    expect(story.answers(person).at(-1)).toContain(
      "does not fit welcome-to-paid: plan: is neither listed nor like a name",
    );
    expect(story.answers(person).at(-1)).not.toContain("evil");
    expect(story.messages(person)).toEqual([]);
  }
});

it("confirms an upgrade once that is sent twice, and the next one again", async () => {
  await using story = await openStory({ workflows, people: { ada: {} } });
  await story.does("ada", "subscription_upgraded", { plan: "pro" });
  await story.does("ada", "subscription_upgraded", { plan: "pro" }, {}, "2026-03-02T08:59:59.200Z");
  await story.until("day 0 15:01");
  await story.does("ada", "subscription_upgraded", { plan: "team" });

  expect(story.subjects("ada")).toEqual(["Welcome to Pro", "Welcome to Team"]);
  expect(await story.lines()).toContain("day 0 09:00  ada  welcome-to-paid  welcome  not sent: entered before");
});

it("comes days late rather than never, and not to a deleted person", async () => {
  await using story = await openStory({ workflows, people: { ada: {}, grace: {} } });
  await story.does("ada", "subscription_upgraded", { plan: "pro" }, {}, "2026-02-28T09:00:00.000Z");
  await story.does("grace", "subscription_upgraded", { plan: "pro" });
  await story.until("day 0 20:00");
  story.forgets("grace");
  await story.until("day 3 09:00");

  expect(await story.lines()).toEqual([
    "day 0 09:00  ada  welcome-to-paid  welcome  sent",
    "day 0 09:00  grace  welcome-to-paid  welcome  sent",
    "day 1 09:00  ada  welcome-to-paid  unlocked-note  sent",
    "day 1 09:00  grace  welcome-to-paid  unlocked-note  not sent: person not found",
  ]);
});

it("has an email that needs no list of what is unlocked", async () => {
  const email = await emailHtml("welcome-to-paid.tsx", { unlocked: [] });
  expect(email).toContain("Go to billing");
  expect(email).not.toContain("Your workspace now has:");
});
