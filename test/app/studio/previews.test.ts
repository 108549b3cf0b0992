import { createElement } from "react";
import { describe, expect, it } from "vitest";
import { placeIn } from "../../../src/sandbox/trials.ts";
import { campaign, happen, mail, upTo } from "../../support/campaign.ts";
import { testSandbox } from "../../support/sandbox.ts";
import { type Visitor, visitor } from "../../support/studio.ts";

const STEP = "/workflows/campaign/steps/call";

describe("a preview shows the message together with the reason against it", () => {
  it("of the workflow itself, and of the run in which it was not sent", async () => {
    const skipping = campaign({
      workflow: ({ step }) => step.email("call", mail, { atAnyHour: true, skip: ({ person }) => person.plan ?? false }),
    });
    await using sandbox = await testSandbox({ workflows: [skipping] });
    const here = visitor(`${sandbox.app.url}/studio`);
    const run = encodeURIComponent(`${happen(sandbox, "called", { plan: "team" })}:campaign`);
    await sandbox.settled();

    const because = "a condition of the workflow skips it, “team”";
    const now = await api(here, `${STEP}?person=ada`);
    expect(now).toMatchObject({ decided: null, problem: null, preview: { because, content: { subject: "An offer" } } });
    sandbox.posthog.setPerson("ada", { plan: "pro" });
    const link = `${STEP}?run=${run}`;
    for (const page of ["", `/runs/${run}`, "/why?person=ada", "/people/ada"])
      expect([page, (await here.text(page)).includes(`href="/studio${link}"`)]).toEqual([page, true]);
    const page = await here.text(link);
    expect(page).toContain(`call (email) was not sent: ${because}.`);
    expect(page).toContain("Now this message would not be sent to ada, because a condition of the workflow");
    expect(await here.text(`${STEP}/body?run=${run}&person=ada`)).toContain("Have a look");
    expect(sandbox.novu.state.messages).toEqual([]);
  });

  it("of an opt-out and of the cap, in which a preview takes no place", async () => {
    await using sandbox = await testSandbox({ workflows: [campaign()], marketing: upTo(1) });
    const here = visitor(`${sandbox.app.url}/studio`);
    happen(sandbox, "called", { distinctId: "grace", unsubscribed_from: "offers" });
    const now = async () => (await api(here, `${STEP}?person=ada`)).preview.because;
    happen(sandbox, "$set");
    await sandbox.settled();
    expect(await api(here, `${STEP}?person=grace`)).toMatchObject({
      preview: { because: "the person opted out of offers", content: { subject: "An offer" } },
    });
    expect([await now(), await now()]).toEqual([null, null]);
    happen(sandbox, "called");
    await sandbox.settled();
    expect(sandbox.novu.state.messages.map(({ subscriberId }) => subscriberId)).toEqual(["ada"]);
    expect(await now()).toBe("the person had reached the frequency cap (1 in 7 days)");
  });
});

describe("an error of the fork's code has its file and line in the sandbox", () => {
  const broken = (): never => {
    throw new Error("no such feature");
  };
  const body = () => ({ subject: "An offer", body: createElement(broken) });
  let isStarted = false;

  it.each([
    ["compose failed", campaign({ workflow: ({ step }) => step.email("call", body, { atAnyHour: true }) })],
    ["skip failed", campaign({ workflow: ({ step }) => step.email("call", mail, { atAnyHour: true, skip: broken }) })],
    [
      "the code does not reach this step",
      campaign({
        async workflow({ step }) {
          // Without this condition the sandbox would not start.
          if (isStarted) broken();
          await step.email("call", mail, { atAnyHour: true });
        },
      }),
    ],
  ])("in the preview and on the run's page: %s", async (failure, workflow) => {
    isStarted = false;
    await using sandbox = await testSandbox({ workflows: [workflow] });
    isStarted = true;
    const here = visitor(`${sandbox.app.url}/studio`);
    const run = `${happen(sandbox, "called")}:campaign`;
    await sandbox.travel({ minutes: 1 });
    const place = /no such feature, at test\/app\/studio\/previews\.test\.ts:\d+/;
    const { problem } = await api(here, `${STEP}?person=ada`);
    expect(problem).toMatch(place);
    expect(problem.startsWith(`${failure}: `)).toBe(true);
    expect(await here.text(`/runs/${encodeURIComponent(run)}`)).toMatch(place);
    // The store, and PostHog with it, has the name of the function only.
    expect(await sandbox.app.store.decisions.list()).toMatchObject([{ outcome: "failed", detail: failure }]);
  });
});

describe("the place of an error", () => {
  it.each([
    ["    at Welcome (/app/emails/welcome.tsx:12:5)", "emails/welcome.tsx:12"],
    ["    at file:///app/src/workflows/onboarding.tsx:7:3", "src/workflows/onboarding.tsx:7"],
    ["    at skip (file:///app/src/workflows/a.ts?t=1:7:3)", "src/workflows/a.ts:7"],
    ["    at run (/app/src/engine/own-code.ts:20:3)\n    at /app/emails/a.tsx:1:2", "emails/a.tsx:1"],
    ["    at run (/app/src/engine/own-code.ts:20:3)\n    at x (/app/node_modules/react/index.js:1:2)", null],
    ["    at x (/elsewhere/emails/welcome.tsx:12:5)\n    at node:internal/process/task_queues:95:5", null],
  ])("%j", (stack, place) => {
    expect(placeIn(`Error: no\n${stack}`, "/app/")).toBe(place);
  });
});

async function api(here: Visitor, path: string) {
  return (await (await here.get(`/api${path}`)).json()) as ReturnType<typeof JSON.parse>;
}
