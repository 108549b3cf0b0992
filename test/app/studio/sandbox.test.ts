import { createElement } from "react";
import { describe, expect, it } from "vitest";
import { noteControls, subjectControl } from "../../../src/engine/controls.ts";
import type { Sandbox } from "../../../src/sandbox/sandbox.ts";
import { campaign } from "../../support/campaign.ts";
import { Invitation } from "../../support/product/invitation.tsx";
import { texts } from "../../support/product/locales.ts";
import { onboarding } from "../../support/product/onboarding.tsx";
import { sessionDropOff } from "../../support/product/session-drop-off.tsx";
import { testSandbox } from "../../support/sandbox.ts";
import { cookieOf, logIn, productionStudio, type Visitor, visitor } from "../../support/studio.ts";
import { delivery } from "../../support/webhook.ts";

const HOUR_MS = 60 * 60 * 1000;
const START = Date.parse("2026-03-02T09:00:00.000Z");

describe("time in the sandbox", () => {
  it("passes to the next step, an hour, a day, and to the end, and comes back to the page", {
    tags: ["long"],
  }, async () => {
    await using studio = await openStudio();
    const { sandbox, here } = studio;
    expect((await travel(here, "step")).headers.get("location")).toBe("/studio/runs?q=ada");
    expect(sandbox.clock.now()).toBe(START);
    capture(sandbox, "user_signed_up");
    await sandbox.settled();
    await travel(here, "hour");
    expect(sandbox.clock.now()).toBe(START + HOUR_MS);
    await travel(here, "step");
    expect(sandbox.clock.now()).toBe(START + 24 * HOUR_MS);
    await travel(here, "day");
    expect(sandbox.clock.now()).toBe(START + 48 * HOUR_MS);
    await travel(here, "end");
    expect(await (await here.get("/api/time")).json()).toMatchObject({ nextStepAt: null });
    expect(await here.text("")).toContain("no step is waiting");
    await travel(here, "for ever");
  });
});

describe("a fired event", () => {
  it("has the answer of the app, its run, and a preview of its message", async () => {
    await using studio = await openStudio();
    const { here } = studio;
    expect(await here.text("/fire?event=checkout_started")).toContain("cart_value");
    const fired = await here.post("/fire", {
      event: "checkout_started",
      person: "grace",
      properties: '{"checkout_url":"https://acme.example/c","cart_value":80}',
    });
    const { delivery, runs } = await api(here, within(fired));
    expect(delivery).toMatchObject({ event: "checkout_started", distinctId: "grace", attempts: [{ status: 202 }] });
    expect(runs).toMatchObject([{ workflow: "drop-off", status: "in progress" }]);
    await travel(here, "end");

    const { messages } = await api(here, "/messages?person=grace&channel=email");
    const [{ id }] = messages.slice(-1);
    const path = `/messages/${encodeURIComponent(id)}`;
    const page = await here.get(path);
    expect(page.headers.get("content-security-policy")).toContain("; frame-src 'self'");
    const frame = /<iframe [^>]*src="\/studio([^"]+)"/.exec(await page.text())?.[1] ?? "";
    const body = await here.get(frame.replaceAll("&amp;", "&"));
    expect(body.headers.get("content-security-policy")).toMatch(
      /^sandbox allow-popups[^;]*; default-src 'none'; style/,
    );
    expect(await body.text()).toContain("Grace");
    expect(await here.text(`${path}/body?scheme=dark`)).toContain("@media (min-width: 0)");
    expect(await here.text(`${path}/body?scheme=light`)).toContain("@media (max-width: 0)");
    expect(await here.text(`${path}?as=text`)).toMatch(/<pre [^>]*>[^<]*Grace/);
    expect((await here.get("/messages/none/body")).status).toBe(404);
  });

  it("shows that it is not forwarded, and its mistakes", async () => {
    await using studio = await openStudio();
    const { here } = studio;
    const notForwarded = await here.post("/fire", { event: "nothing", person: "ada" });
    expect(await here.text(within(notForwarded))).toContain("does not forward it");
    const broken = await here.post("/fire", { event: "user_signed_up", person: "ada", properties: "{" });
    expect(await here.text(within(broken))).toContain("not a JSON object");
    expect(studio.sandbox.posthog.state.events).toHaveLength(1);
  });

  it("has a field for each property, and keeps the typed values after a mistake", async () => {
    await using studio = await openStudio();
    const { here, sandbox } = studio;
    const { fields } = await api(here, "/fire?event=session_ended");
    expect(fields).toMatchObject([
      { property: "key_action", kind: "enum", isNeeded: true, value: "build_report" },
      { property: "key_action_completed", kind: "boolean", value: "false" },
    ]);
    const typed = { "property.enum.key_action": "build_report", "property.boolean.key_action_completed": "" };
    const broken = await here.post("/fire", { event: "session_ended", person: "ada", ...typed, properties: "[1]" });
    const back = await api(here, within(broken));
    expect(back).toMatchObject({ properties: "[1]", fields: [{ value: "build_report" }, { value: "" }] });

    const properties = '{"key_action":"connect_data","$set":{"plan":"pro"}}';
    await here.post("/fire", { event: "session_ended", person: "ada", ...typed, properties });
    const [event] = sandbox.posthog.state.events;
    expect(event?.properties).toMatchObject({ key_action: "connect_data", $set: { plan: "pro" } });
    expect(event?.properties).not.toHaveProperty("key_action_completed");
  });

  it("can be each of the catalogue, as the form stands, without being ignored", { tags: ["long"] }, async () => {
    await using studio = await openStudio();
    const { here, sandbox } = studio;
    const { events } = await api(here, "/fire");
    for (const event of events) {
      const { fields } = await api(here, `/fire?${new URLSearchParams({ event })}`);
      const typed = Object.fromEntries(fields.map(({ name, value }: Record<string, string>) => [name, value]));
      await here.post("/fire", { event, person: "ada", ...typed });
    }
    expect(sandbox.posthog.state.deliveries).toHaveLength(events.length);
    const ignored = await sandbox.app.store.events.listIgnored({ limit: 50 });
    expect(ignored.map(({ eventName, reason }) => `${eventName}: ${reason}`).sort()).toEqual([]);
  });

  it("may come as a pasted webhook, and be sent again and changed", async () => {
    await using studio = await openStudio();
    const { here, sandbox } = studio;
    const body = JSON.stringify(delivery({ distinctId: "joan", event: "user_signed_up" }), null, 2);
    const pasted = await here.post("/deliveries/paste", { body: body.replaceAll("\n", "\r\n") });
    const first = await api(here, within(pasted));
    expect(first.delivery).toMatchObject({ distinctId: "joan", body, attempts: [{ status: 202 }] });
    expect(first.runs).toMatchObject([{ workflow: "onboarding" }]);
    expect(sandbox.novu.state.messages.map(({ subscriberId }) => subscriberId)).toContain("joan");

    const again = await here.post("/deliveries/resend", { delivery: first.delivery.id });
    const second = await api(here, within(again));
    expect(second.delivery.id).not.toBe(first.delivery.id);
    expect(second.delivery.attempts[0].answer).toContain("duplicate");
    const edited = await here.post("/deliveries/paste", { body: "{" });
    expect((await api(here, within(edited))).delivery.attempts).toMatchObject([{ status: 202 }]);
    expect((await api(here, "/deliveries")).deliveries).toHaveLength(3);
    expect(sandbox.posthog.state.deliveries.filter(({ distinctId }) => distinctId === "joan")).toHaveLength(2);
    expect(await here.text(within(await here.post("/deliveries/resend", { delivery: "none" })))).toContain(
      "no longer exists",
    );
  });
});

describe("an event from Segment", () => {
  it("has its source, and is resent and edited from there", async () => {
    await using studio = await openStudio();
    const { here, sandbox } = studio;
    sandbox.segment.send({ type: "track", userId: "ada", event: "User Registered" });
    await sandbox.settled();
    await travel(here, "hour");
    capture(sandbox, "user_signed_up", "ada");
    sandbox.segment.send({ type: "identify", userId: "ada", traits: { plan: "pro" } });
    await sandbox.settled();
    const { deliveries } = await api(here, "/deliveries");
    expect(deliveries.map(({ source, event }: Record<string, string>) => `${source}: ${event}`)).toEqual([
      "segment: identify",
      "posthog: user_signed_up",
      "segment: User Registered",
    ]);
    expect(await here.text("/deliveries")).toMatch(/>User Registered<.*?<td[^>]*>Segment<\/td>/s);

    const [{ id, body }] = deliveries;
    const path = `/deliveries/${id}`;
    expect(await here.text(path)).toMatch(/<dt>Source<\/dt><dd>Segment<\/dd>/);
    expect(await here.text(path)).toContain('name="source" value="segment"');
    const again = await api(here, within(await here.post("/deliveries/resend", { delivery: id })));
    expect(again.delivery).toMatchObject({ source: "segment", body, distinctId: "ada" });
    const changed = body.replace("pro", "team");
    const edited = await here.post("/deliveries/paste", { body: changed, source: "segment" });
    expect((await api(here, within(edited))).delivery).toMatchObject({ source: "segment", body: changed });
    expect(sandbox.segment.state.deliveries).toHaveLength(4);
    expect(sandbox.posthog.state.deliveries).toHaveLength(1);
  });

  it("creates people that are changed at Segment", async () => {
    await using studio = await openStudio();
    const { here, sandbox } = studio;
    capture(sandbox, "user_signed_up", "ada");
    sandbox.segment.send({ type: "identify", userId: "ada", traits: { plan: "pro" } });
    await sandbox.settled();
    const { people } = await api(here, "/people");
    expect(people.map(({ source }: Record<string, string>) => source).sort()).toEqual(["posthog", "segment"]);
    const page = "/people/ada?source=segment";
    expect(await here.text(page)).toContain("Properties at Segment");
    expect(await here.text("/people/ada")).toContain("Properties at PostHog");
    await here.post("/people/change", { person: "ada", name: "plan", value: "team", source: "segment" });
    expect((await api(here, page)).person).toMatchObject({ source: "segment", properties: { plan: "team" } });
    expect((await api(here, "/people/ada")).person.properties).not.toHaveProperty("plan");
    expect((await here.get("/people/grace?source=segment")).status).toBe(404);
  });
});

describe("an act or a property of a person", () => {
  it("changes what the next step does: a note that was read", async () => {
    const decisionsAfter = async (isRead: boolean) => {
      // At night, so that the email waits for the morning.
      await using studio = await openStudio({ workflows: [sessionDropOff], startAt: START + 12 * HOUR_MS });
      const { here, sandbox } = studio;
      capture(sandbox, "session_ended", "ada", { key_action: "build_report", key_action_completed: false });
      await sandbox.settled();
      await travel(here, "step");
      const note = sandbox.novu.state.messages.find(({ channel }) => channel === "in_app")!;
      if (isRead) await here.post("/messages/mark", { message: note.id, as: "read" });
      expect(await here.text(`/messages/${encodeURIComponent(note.id)}`)).toContain(isRead ? "read · " : "unseen · ");
      await travel(here, "end");
      return (await sandbox.app.store.decisions.list()).map(({ step, outcome, detail }) => [step, outcome, detail]);
    };
    expect((await decisionsAfter(false)).at(-1)).toMatchObject([expect.any(String), "sent", null]);
    expect((await decisionsAfter(true)).at(-1)).toMatchObject([expect.any(String), "skipped", "has read the note"]);
  });

  it("changes what the next step does: a property", async () => {
    await using studio = await openStudio({ workflows: [onboarding] });
    const { here, sandbox } = studio;
    capture(sandbox, "user_signed_up");
    await sandbox.settled();
    await here.post("/people/change", { person: "ada", name: "onboarding_completed", value: "true" });
    await here.post("/people/change", { person: "ada", name: "nick", value: "The Countess" });
    await here.post("/people/change", { person: "ada", name: "name", remove: "yes" });
    const { person, messages } = await api(here, "/people/ada");
    expect(person.properties).toEqual({ email: "ada@example.com", onboarding_completed: true, nick: "The Countess" });
    expect(messages).toHaveLength(2);
    await travel(here, "end");
    expect(await here.text("/why?person=ada&workflow=onboarding")).toContain("onboarding is completed");
    expect((await api(here, "/people")).people).toHaveLength(1);
    const unknown = await here.post("/people/change", {
      person: "nobody",
      name: "a",
      value: "1",
      here: "/studio/people",
    });
    expect(await here.text(within(unknown))).toContain("has no person with the distinct id");
  });
});

describe("the form that changes a property", () => {
  it("keeps lists and objects as text at PostHog, whose own page cannot write them, and as they are at Segment", async () => {
    await using studio = await openStudio();
    const { here, sandbox } = studio;
    capture(sandbox, "user_signed_up", "ada");
    sandbox.segment.send({ type: "identify", userId: "ada" });
    await sandbox.settled();
    const typed = { list: '["all"]', object: '{"a":1}', text: '"pro"', number: "4", boolean: "true", nothing: "null" };
    const plain = { text: "pro", number: 4, boolean: true, nothing: null };
    for (const source of ["posthog", "segment"]) {
      for (const [name, value] of Object.entries(typed))
        await here.post("/people/change", { person: "ada", source, name, value });
    }
    const known = async (source: string) => (await api(here, `/people/ada?source=${source}`)).person.properties;
    expect(await known("posthog")).toMatchObject({ ...plain, list: '["all"]', object: '{"a":1}' });
    expect(await known("segment")).toEqual({ ...plain, list: ["all"], object: { a: 1 } });
    expect(await here.text("/people/ada?source=posthog")).toContain("Value: text, a number, true, false or null");
    expect(await here.text("/people/ada?source=segment")).toContain("Value, as JSON or text");
  });
});

describe("a workflow in the sandbox", () => {
  it("is sent with changed controls, previewed for a person, and tested", async () => {
    await using studio = await openStudio({ workflows: [onboarding] });
    const { here, sandbox } = studio;
    capture(sandbox, "user_signed_up");
    await sandbox.settled();
    const step = "/workflows/onboarding/steps/setup-nudge";
    const change = (form: Record<string, string>) =>
      here.post("/workflows/controls", {
        workflow: "onboarding",
        step: "setup-nudge",
        here: `/studio${step}`,
        ...form,
      });
    const answer = await api(here, `${step}?person=ada`);
    expect(answer.preview).toMatchObject({ isSkipped: false, channel: "email" });
    const subject = { ...answer.controls.fields.subject };
    await change({ "control.subject": "Two minutes, {name}", "control.send": "true" });
    expect((await api(here, `${step}?person=ada`)).controls.values).toEqual({ subject: "Two minutes, {name}" });
    expect(await here.text(`${step}/body?person=ada`)).toContain("ada");
    expect((await api(here, `${step}?person=nobody`)).preview.isSkipped).toBe(true);
    expect(await here.text(within(await change({ "control.send": "perhaps" })))).toContain("is not a value for");

    await here.post("/workflows/test", { workflow: "onboarding", person: "ada" });
    await travel(here, "end");
    const nudges = sandbox.novu.state.messages.filter(({ stepId }) => stepId === "setup-nudge");
    expect(nudges.map(({ content }) => content.subject)).toEqual(
      Array(2).fill("Two minutes, {name}: connect your data"),
    );
    expect(await api(here, "/runs")).toMatchObject({ runs: [{ distinctId: "ada", status: "finished" }] });

    await change({ "control.subject": subject.default, "control.send": "false" });
    expect((await api(here, step)).controls.values).toEqual({ send: false });
    expect((await api(here, step)).preview.isSkipped).toBe(true);
  });

  it("has a preview of every message for a person, or that it would not be sent", async () => {
    await using studio = await openStudio();
    const { here, sandbox } = studio;
    const previews = [];
    capture(sandbox, "$set");
    await sandbox.settled();
    for (const { workflowId, steps } of sandbox.novu.state.workflows) {
      for (const { stepId } of steps.filter(({ type }) => ["email", "in_app"].includes(type)))
        previews.push(await api(here, `/workflows/${workflowId}/steps/${stepId}?person=ada`));
    }
    expect(previews).toHaveLength(14);
    expect(previews.filter(({ problem }) => problem !== null)).toEqual([]);
    expect(previews.filter(({ preview }) => !preview.isSkipped).length).toBeGreaterThan(8);
    expect(sandbox.novu.state.messages).toEqual([]);
    expect(await sandbox.app.store.decisions.list()).toEqual([]);
  });

  it("has the preview of a message in each locale, and by default in the person's", async () => {
    const said = texts({ en: "Hello", he: "שלום" });
    const greeting = campaign({
      async workflow({ step }) {
        await step.email(
          "email",
          ({ controls }) => ({
            subject: controls.subject,
            body: createElement(Invitation, { firstName: "Ada", url: "https://acme.example" }),
          }),
          { controlSchema: subjectControl(said) },
        );
        await step.inApp("note", ({ controls }) => controls, { controlSchema: noteControls(said, said) });
      },
    });
    await using studio = await openStudio({ workflows: [greeting] });
    const { here, sandbox } = studio;
    sandbox.posthog.capture({
      event: "$set",
      distinctId: "ada",
      properties: { $set: { email: "ada@example.com", locale: "he" } },
    });
    await sandbox.settled();
    const shown = { "": "שלום", "&locale=he": "שלום", "&locale=en": "Hello", "&locale=fr": "שלום" };
    for (const [locale, subject] of Object.entries(shown)) {
      for (const step of ["email", "note"]) {
        const path = `/workflows/campaign/steps/${step}?person=ada${locale}`;
        expect([locale, (await api(here, path)).preview.content.subject]).toEqual([locale, subject]);
        const page = await here.text(path);
        expect(page).toContain('<option value="he"');
        expect(page).toContain(
          step === "note" ? subject : `/body?person=ada${locale === "&locale=fr" ? "" : locale.replace("&", "&amp;")}`,
        );
      }
    }
    const frame = "/workflows/campaign/steps/email/body?person=ada";
    expect(await here.text(`${frame}&locale=en`)).toContain('<html dir="ltr" lang="en"');
    expect(await here.text(frame)).toContain('<html dir="rtl" lang="he"');
  });

  it("shows in a run the end of a delay, and then the message", async () => {
    await using studio = await openStudio();
    const { here, sandbox } = studio;
    capture(sandbox, "checkout_started", "ada", { checkout_url: "https://acme.example/c" });
    await sandbox.settled();
    await travel(here, "step");
    const { runs } = await api(here, "/runs");
    const { chain } = await api(here, `/runs/${encodeURIComponent(runs[0].runRef)}`);
    const steps = chain.links.filter(({ step }: { step: string | null }) => step !== null);
    expect(steps.map(({ step, label }: Record<string, string>) => `${step} ${label}`)).toEqual([
      "an-hour waited",
      "checkout-note sent",
      "until-a-day waits",
      "until-a-day continues",
    ]);
  });

  it("shows in a run the step where Novu waits", async () => {
    await using studio = await openStudio({ workflows: [onboarding] });
    const { here, sandbox } = studio;
    capture(sandbox, "user_signed_up");
    await sandbox.settled();
    const { runs } = await api(here, "/runs");
    const run = `/runs/${encodeURIComponent(runs[0].runRef)}`;
    const answer = await api(here, run);
    expect(answer.chain.links.at(-1)).toMatchObject({
      at: "2026-03-04T09:00:00.000Z",
      label: "continues",
      step: "until-day-2",
    });
    // On Novu's free plan the wait is two delay steps of a day.
    for (const hours of [0, 30]) {
      await sandbox.travel({ hours });
      expect(await here.text(run)).toContain("Novu waits at until-day-2 for 2 days.");
    }
    expect(answer.jobs.map(({ status }: { status: string }) => status)).toContain("pending");
    capture(sandbox, "onboarding_completed");
    await sandbox.settled();
    expect((await api(here, run)).jobs.map(({ status }: { status: string }) => status)).not.toContain("pending");
    expect(await here.text(run)).toContain("Novu canceled the wait until-day-2 after 1 day 6 hours.");
  });
});

describe("the sandbox's pages", () => {
  it("do not exist outside the sandbox", async () => {
    await using studio = await productionStudio();
    const here = visitor(studio.url, cookieOf(await logIn(studio.url)));
    for (const page of ["/fire", "/messages", "/people", "/deliveries", "/api/time"])
      expect([page, (await here.get(page)).status]).toEqual([page, 404]);
    expect((await here.post("/time", { to: "day" })).status).toBe(404);
    expect(await here.text("")).not.toContain("Sandbox");
  });

  it("accept a form of their own only, and redirect to their own pages only", async () => {
    await using studio = await openStudio();
    const { here, sandbox } = studio;
    const elsewhere = await here.post("/time", { to: "day" }, { origin: "https://elsewhere.example" });
    expect([elsewhere.status, sandbox.clock.now()]).toEqual([403, START]);
    const redirected = await here.post("/time", { to: "hour", here: "https://elsewhere.example/studio" });
    expect(redirected.headers.get("location")).toBe("/studio");
  });

  it("run no script from outside", async () => {
    await using studio = await openStudio();
    const { here, sandbox } = studio;
    const hostile = `"><img src=x onerror=alert(1)><script>alert(2)</script>`;
    capture(sandbox, "user_signed_up", hostile, { note: hostile });
    await sandbox.settled();
    await here.post("/deliveries/paste", { body: hostile });
    const person = encodeURIComponent(hostile);
    const ids = sandbox.posthog.state.deliveries.map(({ id }) => `/deliveries/${id}`);
    const messages = sandbox.novu.state.messages.map(({ id }) => `/messages/${encodeURIComponent(id)}`);
    const pages = [
      `/fire?event=${person}&person=${person}&properties=${person}&notForwarded=${person}&problem=${person}`,
      `/messages?person=${person}`,
      "/people",
      `/people/${person}`,
      "/deliveries",
      ...ids,
      ...messages,
    ];
    for (const page of pages) {
      const text = await here.text(page);
      expect([page, text.includes("&lt;img src=x")]).toEqual([page, true]);
      expect(text.match(/<img|<script(?! src="\/studio\/script\.js\?v=\w+" defer="">)| style="| on\w+="/gi)).toBeNull();
      expect(text.match(/(href|src|action)="(?!\/studio|#main|data:,)/g)).toBeNull();
    }
  });
});

function travel(here: Visitor, to: string) {
  return here.post("/time", { to, here: "/studio/runs?q=ada" });
}

function capture(sandbox: Sandbox, event: string, distinctId = "ada", properties = {}): string {
  const $set = { email: `${distinctId}@example.com`, name: distinctId };
  return sandbox.posthog.capture({ event, distinctId, properties: { ...properties, $set } });
}

/** Where a form led to, below /studio. */
function within(response: Response): string {
  expect(response.status).toBe(303);
  return response.headers.get("location")!.replace("/studio", "");
}

async function api(here: Visitor, path: string) {
  const response = await here.get(`/api${path}`);
  expect([path, response.status]).toEqual([path, 200]);
  return (await response.json()) as ReturnType<typeof JSON.parse>;
}

async function openStudio(options: Parameters<typeof testSandbox>[0] = {}) {
  const sandbox = await testSandbox(options);
  return {
    sandbox,
    here: visitor(`${sandbox.app.url}/studio`),
    [Symbol.asyncDispose]: () => sandbox[Symbol.asyncDispose](),
  };
}
