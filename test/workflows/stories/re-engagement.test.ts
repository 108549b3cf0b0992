import { describe, expect, it } from "vitest";
import { brand } from "../../../emails/_components/brand.ts";
import { LOCAL_KEYS } from "../../../src/sandbox/local-keys.ts";
import type { Sandbox } from "../../../src/sandbox/sandbox.ts";
import { reEngagement } from "../../../src/workflows/re-engagement.tsx";
import { emailHtml } from "../../support/emails.ts";
import { leadsTo, linksIn } from "../../support/links.ts";
import { openStory, type Story } from "../story.ts";

const workflows = [reEngagement];
const everyFeature = ["alerts", "scheduled_reports", "segments"];

describe("three messages on a feature that has not been tried", () => {
  it("speak of the same one, even when another is tried meanwhile, and name the time away", async () => {
    await using story = await openStory({ workflows, people: { ada: { features_used: ["alerts"] } } });
    await goesQuiet(story, "ada");
    await story.until("day 1 09:00");
    // Another feature would be the best by now.
    story.becomes("ada", { features_used: [] });
    await story.until("day 14 09:00");

    expect(await story.lines()).toEqual([
      "day 0 09:00  ada  re-engagement  feature-note  sent",
      "day 2 09:00  ada  re-engagement  feature-email  sent",
      "day 7 09:00  ada  re-engagement  last-email  sent",
      "day 7 09:00  ada  re-engagement  last-sms  not sent: not needed: has not chosen sms",
      "day 7 09:00  ada  re-engagement  last-chat  not sent: not needed: has not chosen chat",
    ]);
    expect(story.subjects("ada")).toEqual([
      "New to you: scheduled reports",
      "One thing you have not tried: scheduled reports",
      "Our last reminder: scheduled reports",
    ]);
    const [, second, last] = story.messages("ada").map(({ content }) => content.body);
    expect(second).toContain("It has been 32 days.");
    expect(last).toContain("You have not been here for 37 days.");
    expect(last).toContain("we will not send another reminder after this one");
  });

  it("end with the last one where the person wants to be reached, or nowhere", async () => {
    const people = {
      ada: { preferred_channel: "sms", phone: "+491234" },
      grace: { preferred_channel: "chat", chat_connected: true },
      linus: { preferred_channel: "sms" },
    };
    await using story = await openStory({ workflows, people });
    await connectChat(story.sandbox, "grace");
    for (const person of Object.keys(people)) await goesQuiet(story, person);
    await story.until("day 14 09:00");

    expect((await story.lines()).filter((line) => line.startsWith("day 7"))).toEqual([
      "day 7 09:00  ada  re-engagement  last-email  not sent: not needed: prefers sms",
      "day 7 09:00  ada  re-engagement  last-sms  sent",
      "day 7 09:00  ada  re-engagement  last-chat  not sent: not needed: has not chosen chat",
      "day 7 09:00  grace  re-engagement  last-email  not sent: not needed: prefers chat",
      "day 7 09:00  grace  re-engagement  last-sms  not sent: not needed: has not chosen sms",
      "day 7 09:00  grace  re-engagement  last-chat  sent",
      "day 7 09:00  linus  re-engagement  last-email  not sent: not needed: prefers sms",
      "day 7 09:00  linus  re-engagement  last-sms  not sent: unreachable: no phone number",
      "day 7 09:00  linus  re-engagement  last-chat  not sent: not needed: has not chosen chat",
    ]);
    const words = `${brand.name}: our last reminder, no other comes after this one. Worth a look: alerts. Hear about a change in your numbers before anybody asks.`;
    const german = `${brand.name}: unsere letzte Erinnerung, danach kommt keine mehr. Einen Blick wert: Alarme. Erfahre von einer Änderung in deinen Zahlen, bevor jemand fragt.`;
    expect(story.inLocale("ada", "de").at(-1)?.body).toMatch(new RegExp(`^${german} https://`));
    const target = `${brand.appUrl}/alerts?utm_source=${brand.utmSource}`;
    const [sms, chat] = ["ada", "grace"].map((person) => story.messages(person).at(-1)!);
    expect(sms).toMatchObject({
      channel: "sms",
      to: "+491234",
      content: { body: `${words} ${target}&utm_medium=sms&utm_campaign=re-engagement&utm_content=last-sms` },
    });
    expect(chat).toMatchObject({
      channel: "chat",
      providerId: "slack",
      content: { body: expect.stringMatching(`^${words} http://127.0.0.1`) },
    });
    expect(await leadsTo(linksIn(chat!)[0])).toBe(
      `${target}&utm_medium=chat&utm_campaign=re-engagement&utm_content=last-chat`,
    );
  });

  it("stop when the person is back, be it that no event says so", async () => {
    await using story = await openStory({ workflows, people: { ada: {}, grace: {}, linus: {} } });
    for (const person of ["ada", "grace", "linus"]) await goesQuiet(story, person);
    await story.until("day 1 09:00");
    await story.does("ada", "session_started");
    story.becomes("grace", { last_active_at: "2026-03-02T20:00:00Z" });
    await story.until("day 3 09:00");
    story.becomes("linus", { features_used: ["alerts"] });
    await story.until("day 14 09:00");

    const left = "not sent: exited: session_started";
    const back = "not sent: not needed: is back";
    const tried = "not sent: not needed: has tried alerts";
    expect((await story.lines()).slice(3)).toEqual([
      `day 1 09:00  ada  re-engagement  feature-email  ${left}`,
      `day 1 09:00  ada  re-engagement  last-email  ${left}`,
      `day 1 09:00  ada  re-engagement  last-sms  ${left}`,
      `day 1 09:00  ada  re-engagement  last-chat  ${left}`,
      `day 2 09:00  grace  re-engagement  feature-email  ${back}`,
      "day 2 09:00  linus  re-engagement  feature-email  sent",
      `day 7 09:00  grace  re-engagement  last-email  ${back}`,
      `day 7 09:00  grace  re-engagement  last-sms  ${back}`,
      `day 7 09:00  grace  re-engagement  last-chat  ${back}`,
      `day 7 09:00  linus  re-engagement  last-email  ${tried}`,
      `day 7 09:00  linus  re-engagement  last-sms  ${tried}`,
      `day 7 09:00  linus  re-engagement  last-chat  ${tried}`,
    ]);
  });

  it("are not for people who have tried every one", async () => {
    await using story = await openStory({ workflows, people: { ada: { features_used: everyFeature } } });
    await goesQuiet(story, "ada");
    await story.until("day 14 09:00");
    const lines = await story.lines();
    expect(lines).toHaveLength(5);
    for (const line of lines) expect(line).toMatch(/ {2}not sent: not needed: has tried every feature$/);
  });
});

it("says how long it has been as far as the event says it in a way that can be read", async () => {
  await using story = await openStory({ workflows, people: { ada: {}, grace: {}, linus: {} } });
  await story.does("ada", "user_inactive", { days_inactive: "30" });
  await story.does("grace", "user_inactive", { days_inactive: "a month" });
  await story.does("linus", "user_inactive", { days_inactive: "3" });
  await story.until("day 2 09:00");
  expect(story.messages("ada")[1]?.content.body).toContain("It has been 32 days.");
  expect(story.messages("grace")[1]?.content.body).toContain("It has been a while.");
  expect(story.messages("linus")).toEqual([]);
});

it("has a last email that works without the length of the absence", async () => {
  const email = await emailHtml("last-call.tsx", { daysAway: undefined });
  expect(email).toContain("for a while");
  expect(email).not.toContain("undefined");
});

function goesQuiet(story: Story, person: string): Promise<void> {
  return story.does(person, "user_inactive", { days_inactive: 30 });
}

/** As your app does once the person has connected their Slack. */
async function connectChat({ novu }: Sandbox, subscriberId: string): Promise<void> {
  const headers = { authorization: `ApiKey ${LOCAL_KEYS.novu}`, "content-type": "application/json" };
  const credentials = { webhookUrl: `https://hooks.slack.example/${subscriberId}` };
  const body = JSON.stringify({ providerId: "slack", credentials });
  await fetch(`${novu.url}/v2/subscribers`, { method: "POST", headers, body: JSON.stringify({ subscriberId }) });
  const answer = await fetch(`${novu.url}/v1/subscribers/${subscriberId}/credentials`, {
    method: "PUT",
    headers,
    body,
  });
  expect(answer.status).toBe(200);
}
