import { describe, expect, it } from "vitest";
import { onboarding } from "../../support/product/onboarding.tsx";
import { oneEmail } from "../../support/product/one-email.tsx";
import { eventually, testSandbox } from "../../support/sandbox.ts";
import { cookieOf, logIn, productionStudio, type TestStudio, visitor } from "../../support/studio.ts";
import { delivery, post } from "../../support/webhook.ts";

const workflows = [onboarding, oneEmail];

const HOSTILE = `"><img src=x onerror=alert(1)><script>alert(2)</script>`;
const refused = { status: 400, body: { statusCode: 400, message: HOSTILE } };
const checkout = (properties = {}) => ({
  event: "checkout_started",
  properties: { checkout_url: "https://acme.example/c", ...properties },
});

describe("the studio's pages", () => {
  it("refuse an address or a form with a NUL, at which PostgreSQL would fail", async () => {
    await using studio = await productionStudio();
    const here = visitor(studio.url, cookieOf(await logIn(studio.url)));
    for (const path of ["/runs?q=%00", "/api/runs?q=a%00b", "/runs/%00", "/why?person=%00", "/ignored?about=%00"])
      expect([path, (await here.get(path)).status]).toEqual([path, 400]);
    expect((await here.post("/queue/redrive", { error: "\0" })).status).toBe(400);
    expect(studio.logged()).not.toContainEqual(expect.objectContaining({ level: 50 }));
  });

  it("run no script from outside, and have a policy for the browser", async () => {
    await using sandbox = await testSandbox({ workflows });
    const here = visitor(`${sandbox.app.url}/studio`);
    const hostile = { distinctId: HOSTILE, uuid: HOSTILE };
    await post(sandbox.app.url, delivery({ ...hostile, ...checkout({ note: HOSTILE }) }));
    await post(sandbox.app.url, delivery({ ...hostile, event: HOSTILE }));
    await post(sandbox.app.url, HOSTILE);
    await sandbox.settled();
    sandbox.novu.injectFault(({ path }) => (path === "/v1/events/trigger" ? refused : null));
    await post(sandbox.app.url, delivery({ distinctId: HOSTILE, ...checkout() }));
    await sandbox.settled();

    const person = encodeURIComponent(HOSTILE);
    const { runs } = await api(here, `/runs?q=${person}`);
    expect(runs).toHaveLength(2);
    const pages = [
      "",
      "/runs",
      `/runs?q=${person}`,
      ...runs.map(({ runRef }: { runRef: string }) => `/runs/${encodeURIComponent(runRef)}`),
      "/why",
      `/why?person=${person}`,
      `/why?person=${person}&workflow=${person}`,
      "/queue",
      `/queue?error=${person}`,
      "/ignored",
      `/ignored?about=${person}`,
      "/workflows",
      "/workflows/drop-off?period=7d",
      `/nothing/${person}`,
    ];
    let quoted = 0;
    for (const page of pages) {
      const response = await here.get(page);
      const text = await response.text();
      expect([page, response.status]).toEqual([page, page.startsWith("/nothing") ? 404 : 200]);
      expect(response.headers.get("content-security-policy")).toBe(
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
      );
      expect(Object.fromEntries(response.headers)).toMatchObject({
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cache-control": "no-store",
      });
      expect(text.match(/<img|<script(?! src="\/studio\/script\.js\?v=\w+" defer="">)| style="| on\w+="/gi)).toBeNull();
      expect(text.match(/(href|src|action)="(?!\/studio|#main|data:,)/g)).toBeNull();
      if (text.includes("&lt;img src=x onerror=alert(1)&gt;")) quoted += 1;
    }
    expect(quoted).toBeGreaterThan(8);
  });

  it("have a redirect from a former address", async () => {
    await using sandbox = await testSandbox({ workflows });
    const here = visitor(`${sandbox.app.url}/studio`);
    for (const path of ["/studio/set-aside?about=ada", "/studio/api/set-aside"]) {
      const moved = await here.get(path.replace("/studio", ""));
      expect([moved.status, moved.headers.get("location")]).toEqual([301, path.replace("/set-aside", "/ignored")]);
    }
  });

  it("find a run by its person, its transaction id, and the events that began and ended it", async () => {
    await using sandbox = await testSandbox({ workflows });
    const here = visitor(`${sandbox.app.url}/studio`);
    const [began, ended] = [delivery(checkout()), delivery({ event: "checkout_completed" })];
    await post(sandbox.app.url, began);
    await sandbox.travel({ hours: 1 });
    ended.event.timestamp = new Date(sandbox.clock.now()).toISOString();
    await post(sandbox.app.url, ended);
    await post(sandbox.app.url, delivery({ distinctId: "grace", ...checkout() }));
    await sandbox.settled();

    const id = `${began.event.uuid}:drop-off`;
    for (const q of ["ada", id, began.event.uuid, ended.event.uuid, ` ${id} `]) {
      const { runs } = await api(here, `/runs?q=${encodeURIComponent(q)}`);
      expect(runs).toMatchObject([{ transactionId: id, status: "exited", skipped: ["exited"] }]);
    }
    expect((await api(here, "/runs")).runs).toHaveLength(2);
    expect((await api(here, "/runs?state=under+way")).runs).toMatchObject([{ distinctId: "grace" }]);
    expect((await api(here, "/runs?workflow=onboarding")).runs).toEqual([]);
    expect(await here.text("/runs?q=nobody")).toContain("No run matches");
    expect(await here.text(`/runs/${encodeURIComponent(id)}`)).toContain("ada exited Drop-off by checkout_completed");
    expect((await here.get("/runs/none")).status).toBe(404);
  });

  it("page through more runs than fit on one", { tags: ["long"] }, async () => {
    await using sandbox = await testSandbox({ workflows });
    const here = visitor(`${sandbox.app.url}/studio`);
    await Promise.all(
      Array.from({ length: 60 }, (_, index) =>
        post(sandbox.app.url, delivery({ distinctId: `person-${index}`, ...checkout() })),
      ),
    );
    const [, older] = /href="([^"]+)">Older runs/.exec(await here.text("/runs")) ?? [];
    const [first, second] = [
      await api(here, "/runs"),
      await api(here, older!.replaceAll("&amp;", "&").replace("/studio", "")),
    ];
    const people = [...first.runs, ...second.runs].map(({ distinctId }: { distinctId: string }) => distinctId);
    expect([first.runs.length, people.length, new Set(people).size]).toEqual([50, 60, 60]);
    expect(second.next).toBeNull();
  });

  it("show the last entries of a person with many runs, and links to the others", {
    tags: ["long"],
  }, async () => {
    await using sandbox = await testSandbox({ workflows });
    const here = visitor(`${sandbox.app.url}/studio`);
    await Promise.all(Array.from({ length: 90 }, () => post(sandbox.app.url, delivery(checkout()))));
    await sandbox.settled();
    const { chain } = await api(here, "/why?person=ada");
    expect(chain.links).toHaveLength(180);
    const page = await here.text("/why?person=ada");
    expect(page).toContain("The last 150 entries are shown; 30 earlier ones are not.");
    expect(page.match(/>see the run</g)).toHaveLength(150);
  });

  it("count the results of each workflow, and warn of one that sent no message", async () => {
    await using sandbox = await testSandbox({ workflows });
    const here = visitor(`${sandbox.app.url}/studio`);
    await post(sandbox.app.url, delivery(checkout()));
    await post(sandbox.app.url, delivery({ event: "$pageview" }));
    await sandbox.settled();
    const overview = await api(here, "/");
    expect(overview).toMatchObject({ silent: [], ignored: [{ count: 1 }] });

    // A delay of a day, and at most a day until the sending hours of the person.
    await sandbox.travel({ hours: 48 });
    expect(await here.text("")).not.toContain("no message was sent");
    await sandbox.travel({ hours: 1 });
    for (const page of ["", "/workflows/drop-off"]) expect(await here.text(page)).toContain("no message was sent");
    const week = await api(here, "/?period=7d");
    expect(week.workflows.find(({ workflow }: { workflow: string }) => workflow === "drop-off")).toMatchObject({
      entered: 1,
      sent: [],
      skipped: [{ reason: "person not found", count: 1 }],
    });
    expect(week.silent).toEqual(["drop-off"]);
    expect((await api(here, "/workflows/onboarding")).workflow).toMatchObject({
      listens: [
        { event: "user_signed_up", does: "starts it" },
        { event: "onboarding_completed", does: "ends it" },
      ],
    });
    expect((await here.get("/workflows/none")).status).toBe(404);
  });

  it("show a run that failed at Novu in red, on the overview, in the list and on its page", async () => {
    await using sandbox = await testSandbox({ workflows });
    const here = visitor(`${sandbox.app.url}/studio`);
    sandbox.novu.injectFault(({ path }) =>
      path === "/v1/events/trigger" ? { status: 201, body: { data: { status: "processed" } } } : null,
    );
    await post(sandbox.app.url, delivery(checkout()));
    await sandbox.travel({ hours: 2 });
    const { runs } = await api(here, "/runs?state=failed");
    expect(runs).toMatchObject([{ workflow: "drop-off", status: "failed" }]);
    expect(await here.text("")).toMatch(
      /runs\?workflow=drop-off&amp;state=failed"[^>]*>.{0,80}class="[^"]*bad[^"]*".{0,80}failed/s,
    );
    for (const page of ["/runs?state=failed", `/runs/${encodeURIComponent(runs[0].runRef)}`])
      expect(await here.text(page)).toMatch(/class="[^"]*bad[^"]*"[^>]*>(<[^>]*>)*failed/);
    expect(await here.text(`/why?person=ada&workflow=drop-off`)).toContain(
      "A run failed at Novu: Novu accepted the trigger",
    );
  });

  it("redrive one dead job, one cause, and all", async () => {
    await using sandbox = await testSandbox({ workflows });
    const here = visitor(`${sandbox.app.url}/studio`);
    for (const message of ["one", "one", "other", "last"]) {
      const answer = { status: 400, body: { statusCode: 400, message } };
      sandbox.novu.injectFault(({ path }) => (path === "/v1/events/trigger" ? answer : null));
      await post(sandbox.app.url, delivery(checkout()));
      await sandbox.settled();
    }
    sandbox.novu.injectFault(null);
    const deadJobs = async () => (await sandbox.app.store.jobs.count()).dead;
    const redrive = async (form: Record<string, string>) => {
      const response = await here.post("/queue/redrive", form);
      await sandbox.settled();
      return [response.status, response.headers.get("location"), await deadJobs()];
    };

    const { causes, dead } = await api(here, "/queue");
    expect(causes.map(({ count }: { count: number }) => count)).toEqual([2, 1, 1]);
    expect(await redrive({ which: "one", id: "x" })).toEqual([303, "/studio/queue?redriven=0", 4]);
    expect(await redrive({ which: "one", id: String(dead[0].id) })).toEqual([303, "/studio/queue?redriven=1", 3]);
    expect(await redrive({ which: "cause", error: causes[0].errorRef })).toEqual([303, "/studio/queue?redriven=2", 1]);
    expect(await redrive({ which: "all" })).toEqual([303, "/studio/queue?redriven=1", 0]);
    expect(await here.text("/queue?redriven=1")).toContain("Jobs redriven: 1.");
    expect(sandbox.novu.triggers).toHaveLength(4);
  });

  it("are notified of a change", async () => {
    await using sandbox = await testSandbox({ workflows });
    const live = await fetch(`${sandbox.app.url}/studio/live`);
    expect(live.headers.get("content-type")).toContain("text/event-stream");
    let received = "";
    const listening = live.body!.pipeThrough(new TextDecoderStream()).pipeTo(
      new WritableStream({
        write(text) {
          received += text;
        },
      }),
    );
    await eventually(() => received.startsWith("retry"));
    expect(received).not.toContain("changed");
    await post(sandbox.app.url, delivery());
    await eventually(() => received.includes("data: changed\n\n"));
    // An open connection does not keep the app from stopping.
    await sandbox.app.stop();
    await listening;
  });
});

describe("addresses", () => {
  const address = "ada@example.com";

  it("are hidden until they are revealed, on one page, to one login, with a line in the log", async () => {
    await using studio = await withAda();
    const here = visitor(studio.url, cookieOf(await logIn(studio.url)));
    const { runs } = await api(here, "/runs");
    const why = `/why?person=${runs[0].personRef}`;
    const run = `/runs/${encodeURIComponent(runs[0].runRef)}`;
    for (const page of ["/runs", run, why, "/ignored", "/api/runs", `/api${run}`, `/api${why}`, "/api/ignored"]) {
      const text = await here.text(page);
      expect([page, text.includes("a•••@e•••.com")]).toEqual([page, true]);
      expect([page, text.match(/ada(@|%40)example|015112345678|203\.0\.113\.7/)]).toEqual([page, null]);
    }

    const revealed = await here.post("/reveal", { here: `/studio${why}` });
    const to = revealed.headers.get("location")!.replace("/studio", "");
    expect(await here.text(to)).toContain(address);
    expect(await here.text(`/api${to}`)).toContain(address);
    expect(studio.logged().filter(({ outcome }) => outcome === "revealed")).toEqual([
      expect.objectContaining({
        page: `/studio${why.replace("~", "%7E")}`,
        session: expect.stringMatching(/^[\w-]{22}$/),
      }),
    ]);
    expect(JSON.stringify(studio.logged().filter(({ component }) => component === "studio"))).not.toContain(address);

    // Not on another page, to another login, or later.
    const [, reveal] = /[?&](reveal=.+)$/.exec(to) ?? [];
    expect(await here.text(`/ignored?${reveal}`)).not.toContain(address);
    const other = visitor(studio.url, cookieOf(await logIn(studio.url)));
    expect(await other.text(to)).not.toContain(address);
    await studio.sandbox.travel({ minutes: 16 });
    expect(await here.text(to)).not.toContain(address);
  });

  it("stay out of the log when the person was typed in", async () => {
    await using studio = await withAda();
    const here = visitor(studio.url, cookieOf(await logIn(studio.url)));
    const revealed = await here.post("/reveal", { here: `/studio/why?person=${address}` });
    expect(await here.text(revealed.headers.get("location")!.replace("/studio", ""))).toContain(
      `${address} did checkout_started`,
    );
    expect(JSON.stringify(studio.logged().filter(({ component }) => component === "studio"))).not.toContain(address);
  });

  it("are revealed by a form of this session only", async () => {
    await using studio = await withAda();
    const here = visitor(studio.url, cookieOf(await logIn(studio.url)));
    expect((await here.post("/reveal", { here: "/studio/runs", token: "" })).status).toBe(403);
    expect(await here.text("/runs?reveal=9999999999999.AAAA")).not.toContain(address);
  });

  async function withAda(): Promise<TestStudio> {
    const studio = await productionStudio();
    const event = checkout({ phone: "015112345678", $ip: "203.0.113.7", email: address });
    await post(studio.app.url, delivery({ distinctId: address, ...event }));
    await post(studio.app.url, delivery({ distinctId: address, event: address, ...{ properties: event.properties } }));
    await studio.app.idle();
    return studio;
  }
});

async function api(here: { get(path: string): Promise<Response> }, path: string) {
  const response = await here.get(`/api${path}`);
  expect(response.status).toBe(200);
  return (await response.json()) as ReturnType<typeof JSON.parse>;
}
