import { describe, expect, it } from "vitest";
import type { Sandbox } from "../../../src/sandbox/sandbox.ts";
import { campaign, happen, upTo } from "../../support/campaign.ts";
import { onboarding } from "../../support/product/onboarding.tsx";
import { testSandbox } from "../../support/sandbox.ts";
import { connectServices, cookieOf, logIn, productionStudio, type Visitor, visitor } from "../../support/studio.ts";

const DOWN = { status: 503, body: {} };
const READ_AT = "2026-03-02T09:00:00.000Z";

const ODD = {
  email: undefined,
  Email: " ada@example.com ",
  name: "Ada Lovelace",
  plan: { name: "pro" },
  onboarding_completed: "true",
  unsubscribed_from: "[offers",
  nick: "The Countess",
};

describe("the page of a person shows what the workflows read", () => {
  it("as it was read, as PostHog has it where that differs, and what cannot be read", async () => {
    await using sandbox = await testSandbox({ workflows: [campaign()] });
    const here = visitor(`${sandbox.app.url}/studio`);
    happen(sandbox, "called");
    await sandbox.settled();
    sandbox.posthog.setPerson("ada", ODD);

    const read = await readIn(here, "/people/ada");
    expect(read.rows).toEqual({
      email: '"ada@example.com" PostHog has Email: " ada@example.com "',
      name: '"Ada Lovelace"',
      plan: 'cannot be read PostHog has plan: {"name":"pro"}',
      unsubscribed_from:
        'cannot be read It counts as an opt-out from everything. PostHog has unsubscribed_from: "[offers"',
      onboarding_completed: 'true PostHog has onboarding_completed: "true"',
    });
    expect(read.html).toContain("<b>2</b>cannot be read");
    expect(read.text).toContain("Read from PostHog at 2026-03-02 09:00:00 UTC");
    expect(read.text).toMatch(/Not there: .*first_name, last_name, phone, .*\$geoip_time_zone$/);
    expect(await here.text("/people/ada")).toContain('aria-label="Value of nick"');
  });

  it("of PostHog as it is after a change in the table beside it", async () => {
    await using sandbox = await testSandbox({ workflows: [campaign()] });
    const here = visitor(`${sandbox.app.url}/studio`);
    happen(sandbox, "called", { plan: "Pro" });
    await sandbox.settled();
    expect((await readIn(here, "/people/ada")).rows.plan).toBe('"pro" PostHog has plan: "Pro"');
    await here.post("/people/change", { person: "ada", name: "plan", value: "team" });
    expect((await readIn(here, "/people/ada")).rows.plan).toBe('"team"');
  });

  it("and gives the person a device, and takes it away", async () => {
    const pushes = campaign({
      workflow: ({ step }) => step.push("call", () => ({ subject: "a", body: "b" }), { atAnyHour: true }),
    });
    await using sandbox = await testSandbox({ workflows: [pushes] });
    const here = visitor(`${sandbox.app.url}/studio`);
    const outcome = async () => {
      happen(sandbox, "called");
      await sandbox.settled();
      return (await sandbox.app.store.decisions.list({ limit: 10 })).map(({ detail }) => detail).at(-1);
    };
    expect(await outcome()).toBe("Novu has no push token");
    await here.post("/people/channel", { person: "ada", provider: "fcm", connect: "yes" });
    expect(await here.text("/people/ada")).toContain("A phone takes push messages.");
    expect(await outcome()).toBeNull();
    await here.post("/people/channel", { person: "ada", provider: "fcm", connect: "no" });
    expect(await outcome()).toBe("Novu has no push token");
  });

  it("with the properties of the event when PostHog cannot be read", async () => {
    await using sandbox = await testSandbox({ workflows: [campaign()] });
    const here = visitor(`${sandbox.app.url}/studio`);
    happen(sandbox, "called");
    await sandbox.settled();
    sandbox.posthog.injectFault(({ path }) => (path.includes("/persons/") ? DOWN : null));
    const { text, rows } = await readIn(here, "/people/ada");
    expect(rows).toEqual({});
    expect(text).toContain(
      "The person could not be read at 2026-03-02 09:00:00 UTC: PostHog answered 503. As long as this lasts, a step uses the properties of the event that started its run, unless its workflow waits",
    );
    expect(await here.text("/people/ada")).toContain('aria-label="Value of email"');
  });

  it("of Segment for its own runs, with the names that it has there", async () => {
    await using sandbox = await testSandbox({ workflows: [onboarding] });
    const here = visitor(`${sandbox.app.url}/studio`);
    identify(sandbox, { email: "ada@example.com", firstName: "Ada", lastName: "Lovelace", timezone: "Europe/London" });
    await sandbox.travel({ minutes: 1 });
    const { rows, text } = await readIn(here, "/people/ada");
    expect(rows).toEqual({
      email: '"ada@example.com"',
      name: '"Ada Lovelace" Segment has it under other names.',
      first_name: '"Ada" Segment has firstName: "Ada"',
      last_name: '"Lovelace" Segment has lastName: "Lovelace"',
      $timezone: '"Europe/London" Segment has timezone: "Europe/London"',
    });
    expect(text).toContain("Read from Segment at");

    happen(sandbox, "user_signed_up", { plan: "pro" });
    await sandbox.settled();
    const link = "/studio/people/ada?source=segment";
    expect((await readIn(here, "/people/ada")).html).toContain(`href="${link}">See the same for runs from Segment`);
    expect((await readIn(here, link.replace("/studio", ""))).rows.plan).toBeUndefined();
    sandbox.segment.injectFault(() => DOWN);
    expect((await readIn(here, link.replace("/studio", ""))).text).toMatch(
      /Segment answered 503\. .*the events that this app received, or the properties of the event/,
    );
  });

  it("from the received events when no source has persons", async () => {
    await using sandbox = await testSandbox({ workflows: [onboarding], withoutPostHog: true, withoutProfiles: true });
    const here = visitor(`${sandbox.app.url}/studio`);
    identify(sandbox, { Email: "ada@example.com", plan: ["pro"] });
    await sandbox.settled();
    const { rows, text } = await readIn(here, "/people/ada");
    expect(rows).toEqual({ email: '"ada@example.com"', plan: "cannot be read" });
    expect(text).toContain("Read from the events that this app received at");
  });

  it("and that a deleted person does not exist", async () => {
    await using sandbox = await testSandbox({ workflows: [campaign()] });
    const here = visitor(`${sandbox.app.url}/studio`);
    happen(sandbox, "called");
    await sandbox.settled();
    sandbox.posthog.deletePerson("ada");
    expect((await readIn(here, "/people/ada")).text).toContain(
      "PostHog had no such person at 2026-03-02 09:00:00 UTC. A step sends no message to a person who does not exist.",
    );
    expect((await here.get("/people/nobody")).status).toBe(404);
  });
});

describe("the page of a person shows what comes next", () => {
  it("the next message of each run in progress, the opt-outs, and the places under the cap", async () => {
    await using sandbox = await testSandbox({ workflows: [onboarding], marketing: upTo(1) });
    const here = visitor(`${sandbox.app.url}/studio`);
    const next = async () => panel(await here.text("/people/ada"), "What comes next").text;
    happen(sandbox, "user_signed_up");
    await sandbox.settled();
    expect(await next()).toMatch(
      /Onboarding The email setup-nudge is due on Wednesday 2026-03-04 at 09:00 UTC, unless onboarding_completed comes before\. Outside the sending hours it waits until they begin\. see how it would look now/,
    );
    expect(await next()).toContain("frequency cap reached 1 of at most 1 messages in 7 days.");
    expect(await next()).toContain("No opt-out is known.");
    const [run] = (await api(here, "/people/ada")).next.runs;
    expect(await here.text(`/runs/${encodeURIComponent(run.runRef)}`)).toContain(run.sentence);

    sandbox.posthog.setPerson("ada", { unsubscribed_from: ["offers"] });
    happen(sandbox, "onboarding_completed");
    await sandbox.settled();
    expect(await next()).toContain("No run is in progress");
    expect(await next()).toContain("opted out offers (unsubscribed_from of the person)");
  });
});

describe("the page of a person in production", () => {
  it("has a link from the name, and hides personal values until they are revealed", async () => {
    await using studio = await productionStudio();
    const here = visitor(studio.url, cookieOf(await logIn(studio.url)));
    const ada = "ada@example.com";
    const { sandbox, app } = studio;
    await connectServices(studio);
    const $set = { ...ODD, email: ada, phone: "+49 151 12345678" };
    sandbox.posthog.capture({ event: "user_signed_up", distinctId: ada, properties: { $set } });
    for (let round = 0; round < 3; round += 1) await Promise.all([sandbox.settled(), app.idle()]);

    const { runs } = await api(here, "/runs");
    const run = `/runs/${encodeURIComponent(runs[0].runRef)}`;
    const person = `/people/${encodeURIComponent(runs[0].personRef)}`;
    for (const page of ["/runs", run, `/why?person=${ada}`])
      expect(await here.text(page)).toMatch(
        new RegExp(`href="/studio${person}(\\?source=posthog)?">(<code class="id">)?a•••@e•••.com<`),
      );

    const read = await readIn(here, person);
    expect(read.rows).toEqual({
      email: '"a•••@e•••.com"',
      name: '"•••"',
      phone: '"+•••••78"',
      plan: "cannot be read",
      unsubscribed_from: "cannot be read It counts as an opt-out from everything.",
      onboarding_completed: "true",
    });
    const html = await here.text(person);
    for (const hidden of [ada, "Lovelace", "12345678", "Countess", "[offers"]) {
      expect(html).not.toContain(hidden);
      expect(JSON.stringify(await api(here, person))).not.toContain(hidden);
    }
    expect(html).not.toContain("Newest messages");
    expect(panel(html, "What comes next").text).toContain("The email setup-nudge is due on Wednesday 2026-03-04");
    expect(panel(html, "Newest runs").text).toContain("onboarding");
    expect(panel(html, "Last decisions").text).toMatch(
      /welcome \(email\) was not sent: the person opted out of .* The person was read from PostHog .*Could not be read: plan, unsubscribed_from\./,
    );

    const typed = await here.text(`/people/${ada}`);
    expect(typed).toContain(`name="here" value="/studio${person}"`);
    expect(typed.match(/ada(@|%40)example/)).toBeNull();

    const revealed = await here.post("/reveal", { here: `/studio/people/${ada}` });
    const shown = await readIn(here, revealed.headers.get("location")!.replace("/studio", ""));
    expect(shown.rows).toMatchObject({ email: `"${ada}"`, name: '"Ada Lovelace"', phone: '"+49 151 12345678"' });
    expect(shown.rows.plan).toBe("cannot be read");
  });

  it("reads from PostHog at most once in 20 seconds", async () => {
    await using studio = await productionStudio();
    const here = visitor(studio.url, cookieOf(await logIn(studio.url)));
    let calls = 0;
    studio.sandbox.posthog.injectFault(({ path }) => {
      calls += path.includes("/persons/") ? 1 : 0;
      return null;
    });
    happen(studio.sandbox, "called", { plan: "pro" });
    const look = async () => (await api(here, "/people/ada")).readAt;
    expect([await look(), await look(), calls]).toEqual([READ_AT, READ_AT, 1]);
    await studio.sandbox.travel({ seconds: 19 });
    expect([await look(), calls]).toEqual([READ_AT, 1]);
    await studio.sandbox.travel({ seconds: 1 });
    expect([await look(), calls]).toEqual(["2026-03-02T09:00:20.000Z", 2]);
  });

  it("refuses a NUL, and keeps an address that was typed out of the log", async () => {
    await using studio = await productionStudio();
    const here = visitor(studio.url, cookieOf(await logIn(studio.url)));
    for (const path of ["/people/%00", "/api/people/%00", "/people/ada@example.com%00", "/people/ada?source=%00"])
      expect([path, (await here.get(path)).status]).toEqual([path, 400]);
    expect((await here.get("/people/ada@example.com")).status).toBe(404);
    const logged = studio.logged().filter(({ component }) => component === "studio");
    expect(JSON.stringify(logged)).toContain("/people/a•••@e•••.com");
    expect(JSON.stringify(logged)).not.toContain("ada@example.com");
  });
});

function identify(sandbox: Sandbox, traits: Record<string, unknown>): void {
  sandbox.segment.sendBatch([
    { type: "identify", userId: "ada", traits },
    { type: "track", userId: "ada", event: "User Registered" },
  ]);
}

async function api(here: Visitor, path: string) {
  const response = await here.get(`/api${path}`);
  expect([path, response.status]).toEqual([path, 200]);
  return (await response.json()) as ReturnType<typeof JSON.parse>;
}

/** The panel of the page, and its rows by the property. */
async function readIn(here: Visitor, path: string) {
  const { html, text } = panel(await here.text(path), "Properties that the workflows read");
  const rows = [...html.matchAll(/<dt>(.*?)<\/dt><dd>(.*?)<\/dd>/gs)].map(([, name = "", value = ""]) => [
    plain(name),
    plain(value),
  ]);
  return { html, text, rows: Object.fromEntries(rows) as Record<string, string> };
}

function panel(page: string, title: string): { html: string; text: string } {
  const html = new RegExp(`<section class="panel" aria-label="${title}">.*?</section>`, "s").exec(page)?.[0] ?? "";
  return { html, text: plain(html) };
}

function plain(html: string): string {
  const text = html
    .replace(/<svg.*?<\/svg>/gs, "")
    .replace(/<(?!\/?code|\/?b>|!--)[^>]+>/g, " ")
    .replace(/<[^>]+>/g, "");
  return text.replaceAll("&quot;", '"').replaceAll("&#x27;", "'").replaceAll("&amp;", "&").replace(/\s+/g, " ").trim();
}
