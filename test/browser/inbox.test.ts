import { expect, it } from "vitest";
import { hasBrowser, testBrowser } from "../support/browser.ts";
import { campaign, decisions, happen, mail } from "../support/campaign.ts";
import { eventually, testSandbox } from "../support/sandbox.ts";

const workflows = [
  campaign({
    id: "offers",
    async workflow({ step }) {
      const note = await step.inApp("note", () => ({ subject: "Finish your checkout", body: "It is **still** open." }));
      await step.wait("a-day", { days: 1 });
      await step.email("mail", mail, { atAnyHour: true, skip: () => note.read && "has read the note" });
    },
  }),
  campaign({
    id: "tips",
    topic: "reminders",
    async workflow({ step }) {
      await step.inApp("tip", () => ({ subject: "A tip", body: "Try this." }));
    },
  }),
];

it.skipIf(!hasBrowser)("Novu's own Inbox shows the notes by tab, reads one, and loses one by an exit", () => inInbox());

const open = testBrowser();

async function inInbox(): Promise<void> {
  await using sandbox = await testSandbox({ workflows, plan: "team", novuWebhooks: true });
  await using page = await open();
  const problems: string[] = [];
  page.on("console", (message) => problems.push(message.text()));
  page.on("pageerror", ({ message }) => problems.push(message));
  const ada = happen(sandbox, "called");
  happen(sandbox, "called", { distinctId: "grace" });
  await sandbox.settled();

  await page.goto(`${sandbox.app.url}/studio/people/ada`);
  await page.getByRole("link", { name: "Open Novu's Inbox" }).click();
  const note = page.getByText("Finish your checkout");
  await note.waitFor();
  expect(await page.getByRole("main").textContent()).not.toContain("grace");
  await page.getByRole("tab", { name: "reminders" }).click();
  await page.getByText("A tip").waitFor();
  await eventually(() => sandbox.novu.state.messages.some(({ stepId, seen }) => stepId === "tip" && seen));
  await note.waitFor({ state: "hidden" });
  await page.getByRole("tab", { name: "offers" }).click();
  await note.click();
  await eventually(() => sandbox.novu.state.messages.some(({ stepId, read }) => stepId === "note" && read));

  happen(sandbox, "answered");
  await page.getByRole("tab", { name: "All" }).click();
  await page.getByText("A tip").waitFor({ state: "hidden" });
  await note.waitFor();
  await sandbox.travel({ minutes: 1 });
  const reported = sandbox.posthog.state.events
    .filter(({ event, distinctId }) => distinctId === "ada" && /seen|read|withdrawn/.test(event))
    .map(({ event, properties }) => `${event} ${properties.step}`);
  for (const report of ["notification seen tip", "notification withdrawn tip", "notification read note"])
    expect(reported).toContain(report);
  expect(reported).not.toContain("notification read tip");
  expect(await decisions(sandbox, { ofRun: `${ada}:offers` })).toContainEqual([
    "mail",
    "skipped",
    "exited",
    "answered",
  ]);
  expect(problems).toEqual([]);
}
