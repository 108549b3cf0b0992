import { describe, expect, it } from "vitest";
import type { Sandbox } from "../../../src/sandbox/sandbox.ts";
import { byHand, campaign, happen, mail } from "../../support/campaign.ts";
import { follow, leadsTo, linksIn } from "../../support/links.ts";
import { metric } from "../../support/metrics.ts";
import { testSandbox } from "../../support/sandbox.ts";
import { storedEvents } from "../../support/stored-events.ts";

const TARGET = "https://app.acme.example/offer?email=ada@example.com#top";
const workflows = [
  campaign({
    async workflow({ step }) {
      await step.email("call", ({ link }) => ({ ...mail(), subject: link(TARGET) }), { atAnyHour: true });
      await step.sms("text", ({ link }) => ({ body: link(TARGET) }), { atAnyHour: true });
      await step.sms("counted", ({ link }) => ({ body: link(TARGET, { track: true }) }), { atAnyHour: true });
      await step.inApp("plain", ({ link }) => ({ body: "-", redirect: { url: link(TARGET, { track: false }) } }));
    },
  }),
];

/** Ada was called. */
async function called(asked = workflows): Promise<Sandbox & { link: string }> {
  const sandbox = await testSandbox({ workflows: asked });
  happen(sandbox, "called", { uuid: "u", phone: "+491234" });
  await sandbox.settled();
  const [link = ""] = linksIn(sandbox.novu.state.messages[0]!);
  return Object.assign(sandbox, { link });
}

const clicks = ({ posthog }: Sandbox) => storedEvents(posthog).filter(({ event }) => event === "notification clicked");

describe("a link in a message", () => {
  it("leads to its target, and reports the click to PostHog, without the query", async () => {
    await using sandbox = await called();
    await sandbox.travel({ hours: 3 });
    const response = await follow(sandbox.link);
    expect([response.status, await response.text()]).toEqual([302, ""]);
    expect(response.headers.get("location")).toBe(
      "https://app.acme.example/offer?email=ada@example.com&utm_source=testwerk&utm_medium=email&utm_campaign=campaign&utm_content=call#top",
    );
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(response.headers.get("referrer-policy")).toBe("no-referrer");
    await sandbox.settled();
    expect(clicks(sandbox)).toMatchObject([
      {
        distinctId: "ada",
        timestamp: "2026-03-02T12:00:00.000Z",
        properties: {
          workflow: "campaign",
          step: "call",
          channel: "email",
          transaction_id: "u:campaign",
          event_uuid: "u",
          template: null,
          url: "app.acme.example/offer",
        },
      },
    ]);
    expect(JSON.stringify(clicks(sandbox)[0]?.properties)).not.toContain("@example.com");
  });

  it("is counted once, by the first click, however often and however late it is clicked", async () => {
    await using sandbox = await called();
    for (const days of [0, 0, 2]) {
      await sandbox.travel({ days });
      await follow(sandbox.link);
      await sandbox.settled();
    }
    await Promise.all(Array.from({ length: 5 }, () => follow(sandbox.link)));
    await sandbox.settled();
    expect(clicks(sandbox).map(({ timestamp }) => timestamp)).toEqual(["2026-03-02T09:00:00.000Z"]);
  });

  it("is a redirect in an SMS only on request, and never where it is switched off, in a test or in a preview", async () => {
    await using sandbox = await called();
    const links = () => sandbox.novu.state.messages.map((message) => linksIn(message).length);
    expect(links()).toEqual([1, 0, 1, 0]);
    await byHand(sandbox, "campaign");
    expect(links().slice(4)).toEqual([0, 0, 0, 0]);
    const { body } = await sandbox.novu.tryStep("campaign", "call", { subscriberId: "ada", payload: {} });
    expect(JSON.stringify(body)).toContain("utm_content=call");
    expect(linksIn({ content: body })).toEqual([]);
  });

  it("leads scanners, prefetchers and HEAD there as well, and counts none of them", async () => {
    await using sandbox = await called();
    const answers = await Promise.all([
      follow(sandbox.link, { headers: { "user-agent": "BarracudaCentral" } }),
      follow(sandbox.link, { headers: { "user-agent": "" } }),
      follow(sandbox.link, { headers: { "sec-purpose": "prefetch" } }),
      follow(sandbox.link, { method: "HEAD" }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([302, 302, 302, 302]);
    await sandbox.settled();
    expect(clicks(sandbox)).toEqual([]);
    const counts = await metric(sandbox.app.url, "bridge_links_total");
    expect(counts).toEqual({ 'kind="scanner"': 2, 'kind="prefetch"': 1, 'kind="head"': 1 });
  });

  it("that is not ours, or not whole, leads nowhere and says so", async () => {
    await using sandbox = await called();
    const broken = [
      `${sandbox.link.slice(0, -1)}`,
      `${sandbox.link}x`,
      "/r/",
      "/r",
      "/r/%zz",
      "/r/https://evil.example",
    ];
    for (const path of broken) {
      const response = await follow(new URL(path, sandbox.app.url).href);
      expect([response.status, response.headers.get("location")]).toEqual([404, null]);
      expect(response.headers.get("content-type")).toContain("text/plain");
      expect(await response.text()).toContain("open it from the message once more");
    }
    expect(await metric(sandbox.app.url, "bridge_links_total")).toEqual({ 'kind="invalid"': broken.length });
    expect((await fetch(sandbox.link, { method: "POST" })).status).toBe(404);
    expect((await follow(`${sandbox.link}/?fbclid=1`)).status).toBe(302);
  });

  it("leads to its target with a character of the text behind it", async () => {
    await using sandbox = await called();
    const target = (await follow(sandbox.link)).headers.get("location");
    for (const end of [".", ")", "%3E", ">,", "%", "/"]) {
      const { status, headers } = await follow(`${sandbox.link}${end}`);
      expect([end, status, headers.get("location")]).toEqual([end, 302, target]);
    }
  });

  it("leads to a host with letters beyond ASCII by the name that browsers look up", async () => {
    const abroad = campaign({
      async workflow({ step }) {
        const target = "https://ada@bücher.example:8443/größe?q=ü";
        await step.email("call", ({ link }) => ({ ...mail(), subject: link(target) }), { atAnyHour: true });
      },
    });
    await using sandbox = await called([abroad]);
    expect((await follow(sandbox.link)).headers.get("location")).toMatch(
      /^https:\/\/ada@xn--bcher-kva\.example:8443\/gr%C3%B6%C3%9Fe\?q=%C3%BC&utm_source=/,
    );
  });

  it("counts nothing for a person who was deleted", async () => {
    await using sandbox = await called();
    await sandbox.app.store.people.delete("ada");
    sandbox.posthog.deletePerson("ada");
    expect((await follow(sandbox.link)).status).toBe(302);
    await sandbox.settled();
    expect([clicks(sandbox), sandbox.posthog.state.persons]).toEqual([[], []]);
    expect(await metric(sandbox.app.url, "bridge_links_total")).toEqual({ 'kind="click"': 1, 'kind="forgotten"': 1 });
  });

  it("leads there while the store is down, and says that the click is lost", async () => {
    await using sandbox = await called();
    sandbox.app.store.decisions.listOfRuns = () => Promise.reject(new Error("disk full"));
    expect((await follow(sandbox.link)).status).toBe(302);
    await sandbox.settled();
    expect(await metric(sandbox.app.url, "bridge_links_total")).toEqual({ 'kind="click"': 1, 'kind="lost"': 1 });
    await expect(leadsTo(sandbox.link)).resolves.toContain("https://app.acme.example/offer");
  });
});
