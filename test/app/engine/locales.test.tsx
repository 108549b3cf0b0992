import { describe, expect, it } from "vitest";
import { z } from "zod";
import { noteControls, subjectControl } from "../../../src/engine/controls.ts";
import { dayOf } from "../../../src/engine/dates.ts";
import { createBridgeClient } from "../../../src/sandbox/local-novu/bridge-call.ts";
import type { Message } from "../../../src/sandbox/local-novu/state.ts";
import { byHand, campaign } from "../../support/campaign.ts";
import { Invitation } from "../../support/product/invitation.tsx";
import { Letter } from "../../support/product/letter.tsx";
import { texts } from "../../support/product/locales.ts";
import { openStory, type Story } from "../../support/story.ts";

const URL = "https://app.acme.example/";
const joins = subjectControl(texts({ en: "Join us", he: "בואו" }));
const Found = z.object({ day: z.string() });

const invitation = campaign({
  async workflow({ step }) {
    const found = await step.custom("day", Found, ({ locale, now, person }) => ({ day: dayOf(now, person, locale) }));
    await step.email(
      "email",
      ({ controls }) => ({ subject: controls.subject, body: <Invitation firstName="Ada" url={URL} /> }),
      { controlSchema: joins },
    );
    await step.email("plain-email", ({ controls }) => ({ subject: controls.subject, body: <p>Have a look</p> }), {
      controlSchema: subjectControl("To all"),
    });
    await step.email("english-email", () => ({
      subject: "Hello",
      body: <Letter title="T" firstName="Ada" says="S" button="B" url={URL} />,
    }));
    await step.inApp(
      "note",
      ({ controls, locale }) => ({ subject: `${controls.subject} ${locale}`, body: found.day }),
      {
        controlSchema: noteControls(texts({ en: "A note", he: "הודעה" }), "The same"),
      },
    );
  },
});

const workflows = [invitation];

describe("a message", () => {
  it("is in the person's locale, and in the fallback for a person without a known one", async () => {
    const people = { ada: { locale: " HE_il " }, grace: { locale: "fr" }, joan: {}, linus: { locale: { he: true } } };
    await using story = await openStory({ workflows, people });
    for (const person of Object.keys(people)) await story.does(person, "called");

    const day = "2 March";
    expect(story.subjects("ada")).toEqual(["בואו", "To all", "Hello", "הודעה he"]);
    for (const person of ["grace", "joan", "linus"])
      expect([person, story.subjects(person)]).toEqual([person, ["Join us", "To all", "Hello", "A note en"]]);
    expect(notes(story, "ada")).toEqual(["2 במרץ"]);
    expect(notes(story, "grace")).toEqual([day]);

    const [email, plain, english] = story.messages("ada");
    expect(html(email)).toContain('<html dir="rtl" lang="he">');
    expect(html(email)).toContain("הצוות שלך מחכה.");
    expect(html(story.messages("grace")[0])).toContain('<html dir="ltr" lang="en">');
    // An email without texts for each locale is in the fallback, also the link that is added to it.
    expect(html(english)).toContain('<html dir="ltr" lang="en">');
    expect(html(plain)).toMatch(/>Unsubscribe<\/a><\/p>$/);
  });

  it("has the texts that a colleague has changed for its locale, and the code's if they cannot be used", async () => {
    const he = { locale: "he" };
    const people = { ada: he, grace: {}, joan: he, linus: he, margaret: he, alan: {} };
    await using story = await openStory({ workflows, people });
    const { novu } = story.sandbox;
    const first = (person: string) => story.subjects(person).slice(0, 1);
    novu.setControls("campaign", "email", { subject_he: "ברוכים הבאים" });
    for (const person of ["ada", "grace"]) await story.does(person, "called");
    expect([first("ada"), first("grace")]).toEqual([["ברוכים הבאים"], ["Join us"]]);

    const unusable = { joan: "", linus: "   ", margaret: "{% none %}" };
    for (const [person, subject_he] of Object.entries(unusable)) {
      novu.setControls("campaign", "email", { subject_he, subject: "Come in" });
      await story.does(person, "called");
      expect([subject_he, first(person)]).toEqual([subject_he, ["בואו"]]);
    }
    await story.does("alan", "called");
    expect(first("alan")).toEqual(["Come in"]);
  });

  it("is in the language of the browser or the device, where neither the person nor Novu has one", async () => {
    const people = { ada: {}, grace: { locale: "en" }, joan: {}, linus: {}, margaret: {} };
    await using story = await openStory({ workflows, people });
    await story.does("ada", "called", { $browser_language: "he-IL", $browser_language_prefix: "he" });
    await story.does("grace", "called", { $browser_language: "he-IL" });
    await story.does("joan", "called", { $locale: "he_IL" });
    await story.does("linus", "called", { $browser_language: ["he"] });
    await story.does("margaret", "called", { $browser_language: "he <script>" });
    const first = Object.keys(people).map((person) => story.subjects(person)[0]);
    expect(first).toEqual(["בואו", "Join us", "בואו", "Join us", "Join us"]);
    expect(story.sandbox.novu.state.subscribers.ada?.locale).toBeUndefined();
  });

  it("of a preview in Novu's dashboard is in the subscriber's locale, or in the fallback", async () => {
    await using story = await openStory({ workflows, people: {} });
    const { app, config } = story.sandbox;
    const { secretKey } = config.novu;
    const client = createBridgeClient({
      secretKey,
      pause: () => Promise.reject(new Error("failed")),
      onCall: () => {},
    });
    const subjectFor = async (subscriber: object) => {
      const query = { action: "preview", workflowId: "campaign", stepId: "email" };
      const call = { payload: {}, controls: {}, state: [], subscriber, context: {}, env: {} };
      const { body } = await client.post(`${app.url}/api/novu`, query, call);
      return (body.outputs as { subject?: string } | undefined)?.subject;
    };
    expect(await subjectFor({ locale: "he_IL" })).toBe("בואו");
    expect(await subjectFor({})).toBe("Join us");
    client.close();
  });

  it("of a test from Novu's dashboard is in the subscriber's locale", async () => {
    await using story = await openStory({ workflows, people: { ada: {} } });
    await byHand(story.sandbox, "campaign", { subscriberId: "ada", email: "ada@example.com", locale: "he_IL" });
    expect(story.subjects("ada").slice(0, 1)).toEqual(["בואו"]);
  });
});

function notes(story: Story, person: string): unknown[] {
  return story
    .messages(person)
    .filter(({ channel }) => channel === "in_app")
    .map(({ content }) => content.body);
}

function html(message: Message | undefined): string {
  return String(message?.content.body);
}
