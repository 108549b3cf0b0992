import { describe, expect, it } from "vitest";
import { campaign, happen, mail } from "../../support/campaign.ts";
import { testSandbox } from "../../support/sandbox.ts";
import { connectServices, cookieOf, logIn, productionStudio, type Visitor, visitor } from "../../support/studio.ts";

const TWO_EMAILS = campaign({
  async workflow({ step }) {
    await step.email("call", mail, { atAnyHour: true });
    await step.email("again", mail, { atAnyHour: true, skip: () => "has answered" });
  },
});

describe("the overview", () => {
  it("opens with the newest messages and their reasons, and has all results of the sandbox", async () => {
    await using sandbox = await testSandbox({ workflows: [TWO_EMAILS] });
    const here = visitor(`${sandbox.app.url}/studio`);
    happen(sandbox, "called");
    await sandbox.settled();
    await sandbox.travel({ days: 2 });

    const { messages, workflows } = await api(here, "/");
    expect(messages).toMatchObject([
      { step: "again", outcome: "skipped", because: "a condition of the workflow skips it, “has answered”" },
      { step: "call", outcome: "sent", because: null, distinctId: "ada" },
    ]);
    expect(workflows).toMatchObject([{ entered: 1, sent: [{ channel: "email", count: 1 }] }]);
    const page = await here.text("");
    const order = ["Newest messages", "Results of the workflows, since the start", "Novu: runs"];
    const places = order.map((title) => page.indexOf(title));
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(places).not.toContain(-1);
    expect((await api(here, "/?period=24h")).workflows).toMatchObject([{ entered: 0 }]);
  });

  it("says at once that a job is dead", async () => {
    await using sandbox = await testSandbox({ workflows: [TWO_EMAILS] });
    const here = visitor(`${sandbox.app.url}/studio`);
    expect(await here.text("")).not.toContain("dead:");
    sandbox.novu.injectFault(() => ({ status: 400, body: { statusCode: 400, message: "no" } }));
    happen(sandbox, "called");
    await sandbox.settled();
    expect(await here.text("")).toMatch(/dead: .*Newest messages/s);
  });
});

describe("each “sent” leads to its message", () => {
  it("in the sandbox: in every table and on the run's page", async () => {
    await using sandbox = await testSandbox({ workflows: [TWO_EMAILS] });
    const here = visitor(`${sandbox.app.url}/studio`);
    const run = `/runs/${encodeURIComponent(`${happen(sandbox, "called")}:campaign`)}`;
    await sandbox.settled();
    const [message] = sandbox.novu.state.messages;
    for (const path of ["", "/runs", run, "/why?person=ada", "/people/ada"])
      expect([path, sentLinksIn(await here.text(path))]).toEqual([path, [`/studio/messages/${message?.id}`]]);
    // The sum of several messages leads to a list.
    const [list = ""] = linksIn(await here.text(""), "email sent");
    expect((await api(here, list.replace("/studio", ""))).messages).toMatchObject([{ id: message?.id }]);
    expect((await api(here, "/messages?workflow=other")).messages).toEqual([]);
    expect((await api(here, "/messages?run=other")).messages).toEqual([]);
  });

  it("in production: to the step on the run's page, which says where the content is", async () => {
    await using studio = await productionStudio();
    const here = visitor(studio.url, cookieOf(await logIn(studio.url)));
    await connectServices(studio);
    const { sandbox, app } = studio;
    const properties = { $set: { email: "ada@example.com", name: "Ada" } };
    sandbox.posthog.capture({ event: "user_signed_up", distinctId: "ada@example.com", properties });
    for (let round = 0; round < 3; round += 1) await Promise.all([sandbox.settled(), app.idle()]);
    const [first] = sentLinksIn(await here.text(""));
    const [path = "", anchor] = first?.replace("/studio", "").split("#") ?? [];
    const page = await here.text(path);
    expect(page).toContain(`<li class="good" id="${anchor}">`);
    expect(page).toContain("This app does not store the content of a message. In Novu,");
    const overview = await here.text("");
    expect(overview).not.toContain("Welcome");
    expect(overview).toContain("a•••@e•••.com");
    expect(overview.match(/ada(@|%40)example/)).toBeNull();
  });
});

function sentLinksIn(html: string): string[] {
  return [...new Set(linksIn(html, "sent"))];
}

/** The addresses of links whose words are these, after a number or none. */
function linksIn(html: string, words: string): string[] {
  const links = [...html.matchAll(/<a href="([^"]+)">(.*?)<\/a>/gs)];
  return links
    .filter(([, , inner = ""]) => inner.replace(/<b>\d+<\/b>/, "").replace(/<[^>]+>/g, "") === words)
    .map(([, href = ""]) => href.replaceAll("&amp;", "&"));
}

async function api(here: Visitor, path: string) {
  return (await (await here.get(`/api${path}`)).json()) as ReturnType<typeof JSON.parse>;
}
