import { createHash } from "node:crypto";
import { connect } from "node:net";
import { describe, expect, it } from "vitest";
import { event } from "../../../src/engine/event.ts";
import { createLog } from "../../../src/lib/log.ts";
import { createUnsubscribeLinks } from "../../../src/opt-outs/unsubscribe.ts";
import type { Message } from "../../../src/sandbox/local-novu/state.ts";
import type { Sandbox } from "../../../src/sandbox/sandbox.ts";
import { byHand, campaign, decisions, happen, mail } from "../../support/campaign.ts";
import { testProduct } from "../../support/product/product.ts";
import { testSandbox } from "../../support/sandbox.ts";

const ONE_CLICK = "List-Unsubscribe=One-Click";
const DOWN = { status: 503 };

const workflows = [
  campaign({
    id: "offer",
    async workflow({ step }) {
      await step.email("first", mail);
      await step.wait("a-day", { days: 1 });
      await step.email("second", mail);
    },
  }),
  campaign({
    id: "tip",
    topic: "product_tips",
    on: [event("tipped")],
    workflow: ({ step }) => step.email("tip", mail),
  }),
  campaign({
    id: "receipt",
    category: "transactional",
    on: [event("paid")],
    workflow: ({ step }) => step.email("receipt", mail),
  }),
];

describe("a mail client's one-click request", () => {
  it("stops the next marketing email of a running workflow, and a transactional one still goes out", async () => {
    await using sandbox = await offered();
    const url = linkOf(sandbox);
    for (let times = 0; times < 100; times += 1) expect((await fetch(url)).status).toBe(200);
    expect((await fetch(url, { method: "HEAD" })).status).toBe(200);
    await sandbox.settled();
    expect((await sandbox.app.store.people.listRecords("ada")).optOuts).toEqual([]);
    expect(told(sandbox)).toEqual([]);

    const answer = await clicked(url);
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(answer).not.toMatch(/^(location|set-cookie):/im);
    expect(answer).toContain("You get no more of “Plans and offers”");
    happen(sandbox, "paid");
    await sandbox.travel({ days: 2 });

    expect(await decisions(sandbox)).toEqual([
      ["first", "sent", null, null],
      ["receipt", "sent", null, null],
      ["second", "skipped", "opted out", "offers"],
    ]);
    expect(sandbox.novu.state.messages.map(({ stepId }) => stepId)).toEqual(["first", "receipt"]);
  });

  it("is sent to Novu, to PostHog's person and as an event, once however often it is made", async () => {
    await using sandbox = await offered();
    const url = linkOf(sandbox);
    await Promise.all(Array.from({ length: 5 }, () => clicked(url)));
    await sandbox.settled();
    await clicked(url);
    await sandbox.travel({ minutes: 1 });

    const [report, ...others] = told(sandbox);
    expect(others).toEqual([]);
    expect(report).toMatchObject({
      distinctId: "ada",
      properties: { workflow: "offer", step: "first", channel: "email", topics: "offers" },
    });
    expect(propertyOf(sandbox)).toEqual(["offers"]);
    expect(sandbox.novu.state.preferences.ada).toEqual({ offer: EVERY_CHANNEL(false) });
    expect(await sandbox.app.store.jobs.count()).toEqual({ waiting: 0, dead: 0 });
  });

  it("stops the next email while Novu's API and PostHog are down, which get it when they are up", {
    tags: ["long"],
  }, async () => {
    await using sandbox = await offered();
    const url = linkOf(sandbox);
    await sandbox.travel({ hours: 23, minutes: 55 });
    sandbox.novu.injectFault(() => DOWN);
    sandbox.posthog.injectFault(() => DOWN);
    expect(await clicked(url)).toMatch(/^HTTP\/1\.1 200 /);
    await sandbox.travel({ minutes: 10 });
    expect(await decisions(sandbox)).toEqual([
      ["first", "sent", null, null],
      ["second", "skipped", "opted out", "offers"],
    ]);
    expect([told(sandbox), propertyOf(sandbox), sandbox.novu.state.preferences]).toEqual([[], undefined, {}]);

    sandbox.novu.injectFault(null);
    sandbox.posthog.injectFault(null);
    await sandbox.travel({ minutes: 1 });
    expect([told(sandbox).length, propertyOf(sandbox)]).toEqual([1, ["offers"]]);
    expect(sandbox.novu.state.preferences.ada).toEqual({ offer: EVERY_CHANNEL(false) });
    expect(await sandbox.app.store.jobs.count()).toEqual({ waiting: 0, dead: 0 });
  });

  it("survives a restart before it was sent", async () => {
    await using sandbox = await offered();
    sandbox.novu.injectFault(() => DOWN);
    sandbox.posthog.injectFault(() => DOWN);
    await clicked(linkOf(sandbox));
    sandbox.novu.injectFault(null);
    await sandbox.restartApp();
    sandbox.posthog.injectFault(null);
    await sandbox.travel({ hours: 1 });
    expect([told(sandbox).length, propertyOf(sandbox)]).toEqual([1, ["offers"]]);
  });

  it("may be any POST to the link, also with a character of the text behind it", async () => {
    await using sandbox = await offered();
    const form: Array<[body: string | FormData | null, type: string | null]> = [
      [null, null],
      ["", "application/x-www-form-urlencoded"],
      [ONE_CLICK, null],
      [ONE_CLICK, "text/plain"],
      [`${ONE_CLICK}\r\n`, "application/x-www-form-urlencoded"],
      [ONE_CLICK.toLowerCase(), "application/x-www-form-urlencoded"],
      ['{"List-Unsubscribe":"One-Click"}', "application/json"],
      ["not a form", "multipart/form-data; boundary=b"],
      [multipart(), null],
    ];
    for (const [body, type] of form) {
      const headers = type === null ? {} : { "content-type": type };
      const sent = typeof body === "string" ? new TextEncoder().encode(body) : body;
      await optsOut(sandbox, linkOf(sandbox), { body: sent, headers });
    }
    for (const end of [".", ")", "%3E", ">", "%", "/", ".%20"]) {
      expect((await fetch(`${linkOf(sandbox)}${end}`)).status).toBe(200);
      await optsOut(sandbox, `${linkOf(sandbox)}${end}`, {});
    }
  });

  it("is refused when it asks for an unknown topic, or is too large", async () => {
    await using sandbox = await offered();
    const url = linkOf(sandbox);
    const others: Array<[body: string, type: string]> = [
      ["choose=topics&topic=everything", "application/x-www-form-urlencoded"],
      ["choose=topics&topic=constructor", "application/x-www-form-urlencoded"],
    ];
    for (const [body, type] of others)
      expect((await fetch(url, { method: "POST", body, headers: { "content-type": type } })).status).toBe(400);
    const large = await fetch(url, { method: "POST", body: new URLSearchParams({ large: "x".repeat(20_000) }) });
    expect(large.status).toBe(413);
    expect((await fetch(url, { method: "PUT", body: ONE_CLICK })).status).toBe(404);
    expect((await sandbox.app.store.people.listRecords("ada")).optOuts).toEqual([]);
    expect(await counted(sandbox)).toEqual({ "unknown topic": 2, "not complete": 1 });
  });

  it("is asked to come again when it cannot be kept", async () => {
    await using sandbox = await offered();
    const url = linkOf(sandbox);
    const { changeOptOuts } = sandbox.app.store.people;
    sandbox.app.store.people.changeOptOuts = () => Promise.reject(new Error("disk full"));
    const answer = await clicked(url);
    expect(answer).toMatch(/^HTTP\/1\.1 503 /);
    expect(answer).toMatch(/^retry-after: 30\r$/im);
    expect(answer).toContain("nothing has changed");
    expect(answer).not.toContain("disk");
    sandbox.app.store.people.changeOptOuts = changeOptOuts;
    expect(await clicked(url)).toMatch(/^HTTP\/1\.1 200 /);
    expect(await counted(sandbox)).toEqual({ "store down": 1, "one click": 1 });
  });
});

describe("the link", () => {
  it("needs a token of the app: a changed one does nothing", async () => {
    await using sandbox = await offered();
    const url = linkOf(sandbox);
    const token = url.slice(url.lastIndexOf("/") + 1);
    expect(Buffer.from(token, "base64url").toString("latin1")).not.toMatch(/ada|offer/);
    const middle = token.length >> 1;
    const changed = token.slice(0, middle) + (token[middle] === "A" ? "B" : "A") + token.slice(middle + 1);
    const others = [changed, token.slice(0, -1), `${token}A`, "x", "%00", "..%2f..%2fstudio", "a".repeat(9_000)];
    for (const other of others)
      for (const method of ["GET", "POST"]) {
        const body = method === "POST" ? { body: new URLSearchParams(ONE_CLICK) } : {};
        const answer = await fetch(`${sandbox.app.url}/u/${other}`, { method, ...body });
        expect([other, answer.status]).toEqual([other, 404]);
      }
    expect(await counted(sandbox)).toEqual({ "unknown link": 2 * others.length });
    expect(await off(sandbox)).toEqual([]);
  });

  it("is counted and not logged when it is unknown, because anybody can send any number", async () => {
    const lines: string[] = [];
    const log = createLog({ level: "info", destination: { write: (line) => void lines.push(line) } });
    await using sandbox = await testSandbox({ workflows, log });
    expect((await fetch(`${sandbox.app.url}/u/unknown`)).status).toBe(404);
    expect(await counted(sandbox)).toEqual({ "unknown link": 1 });
    expect(lines.filter((line) => line.includes('"component":"opt-outs"'))).toEqual([]);
  });

  it("works after the key was rotated, until its key is taken away", async () => {
    await using sandbox = await offered();
    const path = new URL(linkOf(sandbox)).pathname;
    const [old = ""] = sandbox.config.linkSigningKeys;
    sandbox.config.linkSigningKeys = ["a-newer-link-signing-key", old];
    await sandbox.restartApp();
    expect(await clicked(`${sandbox.app.url}${path}`)).toMatch(/^HTTP\/1\.1 200 /);
    expect(await off(sandbox)).toEqual(["offers"]);
    sandbox.config.linkSigningKeys = ["a-newer-link-signing-key"];
    await sandbox.restartApp();
    expect((await fetch(`${sandbox.app.url}${path}`)).status).toBe(404);
  });

  it("of a visitor's email stops what goes to the person they have become", async () => {
    await using sandbox = await testSandbox({ workflows });
    happen(sandbox, "called", { distinctId: "visitor" });
    await sandbox.settled();
    const url = linkOf(sandbox);
    sandbox.posthog.capture({ event: "$identify", distinctId: "ada", properties: { $anon_distinct_id: "visitor" } });
    await sandbox.settled();
    await clicked(url);
    happen(sandbox, "called");
    await sandbox.travel({ days: 2 });
    expect(await decisions(sandbox)).toEqual([
      ["first", "sent", null, null],
      ["first", "skipped", "opted out", "offers"],
      ["second", "skipped", "opted out", "offers"],
      ["second", "skipped", "opted out", "offers"],
    ]);
    expect(propertyOf(sandbox)).toEqual(["offers"]);
    expect(sandbox.novu.state.preferences).toEqual({
      ada: { offer: EVERY_CHANNEL(false) },
      visitor: { offer: EVERY_CHANNEL(false) },
    });
  });

  it("of an email that a colleague sent by hand works, and is no event of a run", async () => {
    await using sandbox = await testSandbox({ workflows });
    happen(sandbox, "nothing");
    await byHand(sandbox, "offer");
    await clicked(linkOf(sandbox));
    await sandbox.settled();
    expect([await off(sandbox), told(sandbox), propertyOf(sandbox)]).toEqual([["offers"], [], ["offers"]]);
  });

  it("of a topic that no longer exists turns everything off, because its new meaning is unknown", async () => {
    await using sandbox = await testSandbox({ workflows: [campaign({ topic: "gone" as never })] });
    happen(sandbox, "called");
    await sandbox.settled();
    const url = linkOf(sandbox);
    expect(await (await fetch(url)).text()).toContain("This email is marketing.");
    expect(await clicked(url)).toContain("You get no more marketing");
    expect(await off(sandbox)).toEqual(["all"]);
  });

  it("is served by who answers others only", async () => {
    await using sandbox = await offered();
    const { pathname } = new URL(linkOf(sandbox));
    sandbox.config.roles = ["worker"];
    // Nothing is to be synced from an app that does not answer.
    await sandbox.restartApp().catch(() => {});
    expect((await fetch(`${sandbox.app.url}${pathname}`)).status).toBe(404);
    expect(await counted(sandbox)).toEqual({});
  });
});

describe("the language of the page", () => {
  const languages = async (url: string, accepted: string) => {
    const answer = await fetch(url, { headers: { "accept-language": accepted } });
    const [, dir, lang] = /<html lang="(\w+)" dir="(\w+)"/.exec(await answer.text()) ?? [];
    return [dir, lang, answer.headers.get("vary")];
  };

  it("is that of the message, and of every answer to the form", async () => {
    await using sandbox = await offered({ locale: "he-IL" });
    const url = linkOf(sandbox);
    expect(await languages(url, "en-GB,en;q=0.9")).toEqual(["he", "rtl", "accept-language"]);
    const page = await chosen(url, ["offers"]);
    expect(page).toContain("<h1>ההעדפות נשמרו</h1>");
    // A title that is the same in all locales.
    expect(page).toContain("Tips and features");
    expect(await (await fetch(url)).text()).toContain("הסרה מ„תוכניות והצעות”");
  });

  it("is the browser's where the link has none or a former one, or is unknown, and else the fallback", async () => {
    await using sandbox = await offered({ locale: "he" });
    const link = { distinctId: "ada", topic: "offers", workflow: "offer", step: "first", transactionId: "" };
    const keys = sandbox.config.linkSigningKeys;
    const { urlOf } = createUnsubscribeLinks({ keys, publicUrl: () => sandbox.app.url });
    const urls = [urlOf(link), urlOf({ ...link, locale: "fr" }), `${sandbox.app.url}/u/unknown`];
    for (const url of urls) {
      expect([url, ...(await languages(url, "fr-FR, he;q=0.8, en;q=0.2"))]).toEqual([
        url,
        "he",
        "rtl",
        "accept-language",
      ]);
      expect([url, ...(await languages(url, "fr"))]).toEqual([url, "en", "ltr", "accept-language"]);
      expect([url, ...(await languages(url, "*"))]).toEqual([url, "en", "ltr", "accept-language"]);
    }
  });
});

describe("the page", () => {
  it("shows the topics, shows nothing of the person, and runs and loads nothing", async () => {
    await using sandbox = await offered();
    const answer = await fetch(linkOf(sandbox));
    const page = await answer.text();
    expect(page).toContain("Unsubscribe from “Plans and offers”");
    expect(page.match(/type="checkbox"[^>]*checked=""/g)).toHaveLength(4);
    expect(page).toContain("Testwerk");
    expect(page).not.toMatch(/ada|<script|https?:\/\//i);
    const [, style = ""] = /<style>(.*)<\/style>/s.exec(page) ?? [];
    expect(answer.headers.get("content-security-policy")).toContain(
      `style-src 'sha256-${createHash("sha256").update(style).digest("base64")}'`,
    );
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "content-security-policy": expect.stringMatching(
        /^default-src 'none'; style-src 'sha256-[^']+'; form-action 'self'/,
      ),
      "x-robots-tag": "noindex, nofollow",
      "referrer-policy": "no-referrer",
      "cache-control": "no-store",
    });
  });

  it("lets people choose, and change their mind", async () => {
    await using sandbox = await offered();
    const url = linkOf(sandbox);
    await chosen(url, ["offers", "reminders"]);
    await sandbox.settled();
    expect([await off(sandbox), propertyOf(sandbox)]).toEqual([
      ["getting_started", "product_tips"],
      ["getting_started", "product_tips"],
    ]);
    expect(sandbox.novu.state.preferences.ada).toEqual({ tip: EVERY_CHANNEL(false) });

    const page = await chosen(url, []);
    await sandbox.travel({ minutes: 1 });
    expect(page).toContain("You get no more marketing");
    expect(page).not.toContain('checked=""');
    expect(propertyOf(sandbox)).toEqual(["all", "getting_started", "product_tips"]);
    expect(sandbox.novu.state.preferences.ada).toEqual({
      "": EVERY_CHANNEL(false),
      offer: EVERY_CHANNEL(false),
      tip: EVERY_CHANNEL(false),
    });

    await chosen(url, ["offers", "product_tips"]);
    await sandbox.travel({ minutes: 1 });
    expect(propertyOf(sandbox)).toEqual(["getting_started", "reminders"]);
    expect(sandbox.novu.state.preferences.ada).toEqual({
      "": EVERY_CHANNEL(true),
      offer: EVERY_CHANNEL(true),
      tip: EVERY_CHANNEL(true),
    });
    happen(sandbox, "tipped");
    await sandbox.travel({ days: 2 });
    expect(sandbox.novu.state.messages.map(({ stepId }) => stepId)).toEqual(["first", "tip", "second"]);
  });

  it("leaves to PostHog's person what others wrote there", async () => {
    await using sandbox = await offered();
    sandbox.posthog.setPerson("ada", { unsubscribed_from: ["reminders"] });
    await clicked(linkOf(sandbox));
    await sandbox.settled();
    expect(propertyOf(sandbox)).toEqual(["offers", "reminders"]);
    await sandbox.travel({ minutes: 1 });
    await chosen(linkOf(sandbox), ["getting_started", "product_tips", "reminders", "offers"]);
    await sandbox.settled();
    expect([await off(sandbox), propertyOf(sandbox)]).toEqual([[], ["reminders"]]);
  });

  it.each([
    ["all", ["all", "offers"]],
    ["getting_started, Reminders", ["getting_started", "offers", "reminders"]],
    [true, ["all", "offers"]],
    [{ newsletter: "off" }, ["all", "offers"]],
  ])("never writes less there than others did: %j", async (unsubscribed_from, then) => {
    await using sandbox = await offered();
    const link = linkOf(sandbox);
    await clicked(link);
    await sandbox.settled();
    sandbox.posthog.setPerson("ada", { unsubscribed_from });
    await sandbox.travel({ minutes: 1 });
    await chosen(link, ["getting_started", "product_tips", "reminders", "offers"]);
    await sandbox.settled();
    await clicked(link);
    await sandbox.travel({ minutes: 1 });
    expect(propertyOf(sandbox)).toEqual(then);
  });
});

const EVERY_CHANNEL = (isWanted: boolean) =>
  Object.fromEntries(["email", "sms", "push", "chat", "in_app", "tool"].map((channel) => [channel, isWanted]));

/** Ada has had the first of two emails of a workflow. */
async function offered(properties: Record<string, unknown> = {}): Promise<Sandbox> {
  const sandbox = await testSandbox({ workflows });
  happen(sandbox, "called", properties);
  await sandbox.settled();
  return sandbox;
}

/** The unsubscribe link in the header of the newest email. */
function linkOf({ novu }: Sandbox): string {
  const { mail } = novu.state.messages.at(-1) as Message;
  expect(mail?.headers["List-Unsubscribe-Post"]).toBe(ONE_CLICK);
  return /^<(.+)>$/.exec(mail?.headers["List-Unsubscribe"] ?? "")?.[1] ?? "";
}

/** The bytes that a mail client sends, and all that comes back. */
function clicked(url: string): Promise<string> {
  const { hostname, port, host, pathname } = new URL(url);
  const lines = [
    `POST ${pathname} HTTP/1.1`,
    `Host: ${host}`,
    "Content-Type: application/x-www-form-urlencoded",
    "Content-Length: 26",
    "Connection: close",
    "",
    ONE_CLICK,
  ];
  return new Promise((resolve, reject) => {
    let answer = "";
    const socket = connect(Number(port), hostname, () => socket.write(lines.join("\r\n")));
    socket.setEncoding("utf8").on("data", (text) => (answer += text));
    socket.on("end", () => resolve(answer)).on("error", reject);
  });
}

async function chosen(url: string, topics: string[]): Promise<string> {
  const body = new URLSearchParams([
    ["choose", "topics"],
    ...topics.map((topic): [string, string] => ["topic", topic]),
  ]);
  const answer = await fetch(url, { method: "POST", body, redirect: "error" });
  expect(answer.status).toBe(200);
  return answer.text();
}

async function off({ app }: Sandbox): Promise<string[]> {
  return (await app.store.people.findOptOuts("ada")).off;
}

function told({ posthog }: Sandbox) {
  return posthog.state.events.filter((one) => one.event === "notification unsubscribed");
}

function propertyOf({ posthog }: Sandbox): unknown {
  return posthog.state.persons.find(({ distinctIds }) => distinctIds.includes("ada"))?.properties.unsubscribed_from;
}

/** How often requests ended how, but for pages that were shown. */
async function counted({ app }: Sandbox): Promise<Record<string, number>> {
  const metrics = await (await fetch(`${app.url}/metrics`)).text();
  const counts = metrics.matchAll(/^bridge_unsubscribe_requests_total\{outcome="([^"]+)"\} (\d+)$/gm);
  return Object.fromEntries([...counts].filter(([, name]) => name !== "shown").map(([, name, n]) => [name, Number(n)]));
}

/** The POST opts out, and the page's form opts in again. */
async function optsOut(sandbox: Sandbox, url: string, request: RequestInit): Promise<void> {
  expect((await fetch(url, { method: "POST", ...request })).status).toBe(200);
  expect(await off(sandbox)).toEqual(["offers"]);
  const body = new URLSearchParams({ choose: "topics" });
  for (const topic of Object.keys(testProduct.topics)) body.append("topic", topic);
  expect((await fetch(linkOf(sandbox), { method: "POST", body })).status).toBe(200);
  expect(await off(sandbox)).toEqual([]);
}

/** RFC 8058's form in the other encoding. */
function multipart(): FormData {
  const form = new FormData();
  form.set("List-Unsubscribe", "One-Click");
  return form;
}
