import { describe, expect, it } from "vitest";
import type { Decision } from "../../../src/contracts/decision.ts";
import type { EventRecord, History, PersonJob, RunRecord } from "../../../src/contracts/history.ts";
import type { Sandbox } from "../../../src/sandbox/sandbox.ts";
import type { Chain } from "../../../src/studio/why.ts";
import { explain } from "../../../src/studio/why.ts";
import { runCommand } from "../../support/command.ts";
import { decision, event, exit, LATER, OCCURRED_AT } from "../../support/facts.ts";
import { onboarding } from "../../support/product/onboarding.tsx";
import { oneEmail } from "../../support/product/one-email.tsx";
import { testSandbox } from "../../support/sandbox.ts";
import { visitor } from "../../support/studio.ts";
import { delivery, post } from "../../support/webhook.ts";

const workflows = [onboarding, oneEmail];

describe("why", () => {
  it("is told alike by the page, the API and the command", async () => {
    await using sandbox = await testSandbox({ workflows });
    const here = visitor(`${sandbox.app.url}/studio`);
    await post(sandbox.app.url, delivery({ event: "checkout_started", properties: { checkout_url: "nowhere" } }));
    await post(
      sandbox.app.url,
      delivery({ event: "checkout_started", properties: { checkout_url: "https://a.example" } }),
    );
    await sandbox.travel({ hours: 2 });
    const timestamp = new Date(sandbox.clock.now()).toISOString();
    await post(sandbox.app.url, delivery({ event: "checkout_completed", timestamp }));
    await sandbox.settled();

    const query = "?person=ada&workflow=drop-off";
    const told = (await (await here.get(`/api/why${query}`)).json()) as { chain: Chain };
    const { chain } = told;
    expect(chain.links.map(({ kind, label, value }) => [kind, label, value])).toEqual([
      ["event", "checkout_started", expect.any(String)],
      ["ignored", "ignored", "does not fit drop-off: checkout_url: Invalid URL"],
      ["run", "entered", "checkout_started"],
      ["event", "checkout_completed", expect.any(String)],
      ["exit", "exited", "checkout_completed"],
      ["decision", "not sent", "exited: checkout_completed"],
    ]);
    expect(chain.answer).toBe(
      "ada started drop-off once and was sent nothing. The last one left out, recovery: they had left by checkout_completed.",
    );

    const page = await here.text(`/why${query}`);
    for (const { sentence } of [...chain.links, { sentence: chain.answer }]) expect(page).toContain(sentence);
    const asJson = await why(sandbox, "--person", "ada", "--workflow", "drop-off", "--json");
    expect([asJson.code, JSON.parse(asJson.stdout)]).toEqual([0, chain]);
    const asText = await why(sandbox, "--person", "ada", "--workflow", "drop-off");
    for (const { sentence } of [...chain.links, { sentence: chain.answer }]) expect(asText.stdout).toContain(sentence);
  });

  it("says so when nothing is known of the person, or something is wrong with the options", async () => {
    await using sandbox = await testSandbox({ workflows });
    const nobody = await why(sandbox, "--person", "nobody");
    expect([nobody.code, nobody.stdout]).toEqual([1, expect.stringContaining("Nothing is known of nobody")]);
    expect(await visitor(`${sandbox.app.url}/studio`).text("/why?person=nobody")).toContain(
      "Nothing is known of nobody",
    );
    expect(await why(sandbox)).toMatchObject({ code: 2, stderr: expect.stringContaining("--person is missing") });
    expect(await why(sandbox, "--help")).toMatchObject({ code: 0, stdout: expect.stringContaining("--json") });
  });

  it("lets no name from outside speak to the terminal", async () => {
    await using sandbox = await testSandbox({ workflows });
    await post(sandbox.app.url, delivery({ event: "\u001b]0;owned\u0007\u001b[2J" }));
    const { stdout } = await why(sandbox, "--person", "ada");
    expect(stdout).toContain("owned");
    expect(stdout.match(/\p{Cc}/gu)?.filter((control) => control !== "\n")).toEqual([]);
  });

  it.each<[string, Partial<Decision>, string]>([
    ["exited", { reason: "exited", detail: "checkout_completed" }, "they had left by checkout_completed"],
    ["opted out", { reason: "opted out", detail: "tips" }, "they turned off tips"],
    [
      "not needed",
      { reason: "not needed", detail: "has bought" },
      "the workflow's own condition said so, “has bought”",
    ],
    ["entered before", { reason: "entered before" }, "they had entered this workflow before"],
    ["held out", { reason: "held out", detail: "holdout-a" }, "they are in the group that gets nothing (holdout-a)"],
    ["error", { outcome: "failed", reason: "error", detail: "StepFailed" }, "the step could not be made (StepFailed)"],
  ])("puts into words that a message was not sent: %s", (_reason, changes, words) => {
    const made = decision({ outcome: "skipped", ...changes });
    const { links } = explain({ ...history(), runs: [run()], decisions: [made] }, { person: "ada" });
    expect(links.at(-1)?.sentence).toContain(`welcome (email) was not sent: ${words}`);
  });

  const NOT_FOUND = { outcome: "skipped", reason: "person not found" } as const;
  const UNAVAILABLE = { outcome: "skipped", reason: "person unavailable", personSource: "snapshot" } as const;

  it.each<[EventRecord["source"] | null, Partial<Decision>, string]>([
    ["posthog", { ...NOT_FOUND, personSource: null }, "PostHog has no such person"],
    ["segment", { ...NOT_FOUND, personSource: null }, "the person of whom Segment told is no longer known"],
    ["segment", { ...NOT_FOUND, personSource: "segment" }, "Segment has no such person"],
    ["segment", { ...NOT_FOUND, personSource: "posthog" }, "PostHog has no such person"],
    ["segment", { ...NOT_FOUND, personSource: "own" }, "the store's own records have no such person"],
    ["sweep", { ...NOT_FOUND, personSource: null }, "the person is no longer known"],
    [null, { ...NOT_FOUND, personSource: null }, "the person is no longer known"],
    ["posthog", UNAVAILABLE, "PostHog could not be asked, and the workflow does not send without that"],
    [
      "segment",
      UNAVAILABLE,
      "the person of whom Segment told could not be asked for, and the workflow does not send without that",
    ],
    ["sweep", UNAVAILABLE, "the person could not be asked for, and the workflow does not send without that"],
  ])("names who was asked for the person of a run that %s told of: %j", (source, changes, words) => {
    const { uuid, name, distinctId, occurredAt, properties } = event();
    const events = source === null ? [] : [{ source, uuid, name, distinctId, occurredAt, properties, receivedAt: 0 }];
    const chain = explain({ ...history(), runs: [run()], events, decisions: [decision(changes)] }, { person: "ada" });
    expect(chain.links.at(-1)?.sentence).toBe(`welcome (email) was not sent: ${words}.`);
    expect(chain.answer).toContain(`The last one left out, welcome: ${words}.`);
  });

  it("does not name PostHog where there is none", async () => {
    await using sandbox = await testSandbox({ workflows, withoutPostHog: true });
    sandbox.segment.sendBatch([
      { type: "identify", userId: "ada", traits: { email: "ada@example.com" } },
      { type: "track", userId: "ada", event: "User Registered" },
    ]);
    await sandbox.travel({ days: 1 });
    sandbox.segment.deleteProfile("ada");
    await sandbox.travel({ days: 2 });
    const { stdout } = await why(sandbox, "--person", "ada");
    expect(stdout).toContain("setup-nudge (email) was not sent: the person of whom Segment told is no longer known.");
    expect(stdout).not.toContain("PostHog");
  });

  it("says which person a message rests on", () => {
    const { links } = explain(
      { ...history(), runs: [run()], decisions: [decision({ personSource: "snapshot" })] },
      { person: "ada" },
    );
    expect(links.at(-1)?.sentence).toBe(
      "welcome was sent by email. The person could not be asked for, so what was known from their events counted.",
    );
  });

  it("tells an exit that ended nothing, a run that was too few, and a start that is dead", () => {
    const jobs = [owed({ state: "dead", attempts: 18, error: "no" })];
    const facts = { ...history(), runs: [run({ status: "not started", enteredAt: null })], exits: [exit()], jobs };
    const chain = explain(facts, { person: "ada" });
    expect(chain.answer).toBe("ada is stuck: the start at Novu is dead (no).");
    expect(chain.links.map(({ sentence }) => sentence)).toEqual([
      "The start at Novu is dead after 18 attempts; nothing tries it again by itself.",
      "ada did not enter w: it had not happened often enough yet.",
      "checkout_completed ends w, but ada was in no run of it then.",
    ]);
  });

  it.each(
    Object.entries({
      start: "The start at Novu",
      exit: "The cancel at Novu",
      receipt: "The question to Novu what became of a message",
      overdue: "A look what became of the run at Novu",
      unheard: "A look whether Novu ended the run at a throttle",
      refresh: "The update of the person's address at Novu",
      join: "The question to PostHog whether two ids are one person",
      profile: "The profile for Novu",
      preferences: "The choice of topics for Novu",
      unwanted: "The list of unwanted topics for PostHog",
      report: "The report of a decision to PostHog",
      capture: "The report to PostHog of what became of a message",
    } satisfies Record<PersonJob["kind"], string>) as Array<[PersonJob["kind"], string]>,
  )("tells of jobs of the kind %s, waiting and dead", (kind, words) => {
    const told = (changes: Partial<PersonJob>) =>
      explain({ ...history(), jobs: [owed({ kind, ...changes })] }, { person: "ada" });
    const waiting = [{ label: "still to do", sentence: `${words} is due then.` }];
    // Each run that waits has one of each.
    expect(told({}).links).toMatchObject(kind === "refresh" || kind === "overdue" ? [] : waiting);
    expect(told({ error: "no" }).links).toMatchObject(waiting);
    const { links, answer, isKnown } = told({ state: "dead", attempts: 1, error: "no" });
    const sentence = `${words} is dead after 1 attempt; nothing tries it again by itself.`;
    expect(links).toMatchObject([{ label: "dead", sentence, value: "no" }]);
    expect(answer.toLowerCase()).toContain(words.toLowerCase());
    expect(isKnown).toBe(true);
  });

  const NO_RUN = "ada has no run of w here: no event of theirs asked for one, or it is older than what is kept.";

  it.each<[string, Partial<History>, Array<[label: string, sentence: string]>, answer?: string]>([
    ["waits", { jobs: [owed()] }, [["still to do", "The start at Novu is due then."]]],
    ["waits in another workflow", { jobs: [owed({ workflow: "v" })] }, []],
    ["was done in another workflow", { hasOtherRuns: true }, []],
    ["Novu was told", { toldAsOf: LATER }, [], `${NO_RUN} Novu was told who they are, as of ${LATER}.`],
    [
      "they turned off, and on",
      {
        choices: [
          { at: OCCURRED_AT, topic: "all", isOut: true, cause: "link" },
          { at: LATER, topic: "tips", isOut: false, cause: "link" },
        ],
      },
      [
        ["opted out", "ada turned off all messages."],
        ["opted in", "ada turned on tips."],
      ],
    ],
  ])("knows somebody of whom nothing is kept but something that %s", (_what, facts, told, words = NO_RUN) => {
    const { isKnown, answer, links } = explain({ ...history(), ...facts }, { person: "ada", workflow: "w" });
    expect(isKnown).toBe(true);
    expect(answer).toBe(words);
    expect(links.map(({ label, sentence }) => [label, sentence])).toEqual(told);
  });

  it("tells of somebody of whom Novu could not be told", async () => {
    await using sandbox = await testSandbox({ workflows });
    sandbox.novu.interfere(() => ({ status: 400 }));
    const $set = { email: "ada@example.com" };
    await post(sandbox.app.url, delivery({ event: "$identify", properties: { $set } }));
    await sandbox.settled();
    const { code, stdout } = await why(sandbox, "--person", "ada", "--workflow", "onboarding");
    expect([code, stdout]).toEqual([0, expect.stringContaining("The profile for Novu is dead after 1 attempt;")]);
    expect(stdout).not.toContain("Nothing is known");
  });

  it.each<[Partial<Decision>, label: string, sentence: string, note: string | null]>([
    [{}, "sent", "welcome was sent by email.", null],
    [{ receipt: "confirmed" }, "sent", "welcome was sent by email.", "Novu confirms that it was sent."],
    [
      { receipt: "no answer" },
      "handed to Novu",
      "welcome was handed to Novu by email.",
      "Handed to Novu, which did not say within an hour whether it was sent.",
    ],
    [
      { outcome: "failed", reason: "provider failed", detail: "451", receipt: "corrected" },
      "failed",
      "welcome (email) was not sent: the provider did not take it (451).",
      "Novu said so after the message was handed over.",
    ],
    [
      { outcome: "skipped", reason: "opted out at Novu", detail: "by the workflow" },
      "not sent",
      "welcome (email) was not sent: the workflow's own preferences have this channel off at Novu.",
      null,
    ],
    [
      { outcome: "skipped", reason: "outside the schedule" },
      "not sent",
      "welcome (email) was not sent: it came outside the hours that they have set at Novu.",
      null,
    ],
    [
      { outcome: "failed", reason: "lost at Novu", detail: "Bridge execution failed" },
      "failed",
      "welcome (email) was not sent: the run ended at Novu: Bridge execution failed.",
      null,
    ],
  ])("says what Novu did with a message: %j", (changes, label, sentence, note) => {
    const decisions = [decision({ personSource: null, ...changes })];
    expect(explain({ ...history(), decisions }, { person: "ada" }).links).toMatchObject([{ label, sentence, note }]);
  });

  it("says that a run ended at Novu, and why", () => {
    const decisions = [decision({ outcome: "failed", reason: "lost at Novu", detail: "wait: Bad Gateway" })];
    const runs = [run({ status: "failed", endedAt: Date.parse(LATER) })];
    const { answer, links } = explain({ ...history(), runs, decisions }, { person: "ada", workflow: "w" });
    expect(answer).toBe("ada started w once and was sent nothing. A run ended at Novu: wait: Bad Gateway.");
    expect(links.at(-1)).toMatchObject({ label: "lost", tone: "bad", value: "wait: Bad Gateway" });
  });

  it("keeps to what was ignored for this workflow", () => {
    const aside = { id: 1, source: "posthog" as const, receivedAt: LATER, eventUuid: "u", distinctId: "ada", body: "" };
    const ignored = [
      { ...aside, eventName: "checkout_started", reason: "anonymous" },
      { ...aside, eventName: "$pageview", reason: 'no workflow listens to "$pageview"' },
    ];
    const about = { person: "ada", workflow: "w", startedBy: ["checkout_started"] };
    const chain = explain({ ...history(), ignored }, about);
    expect(chain.links.map(({ value }) => value)).toEqual(["anonymous"]);
    expect(chain.answer).toBe("ada never entered w. The last thing that was ignored: anonymous.");
  });
});

function history(): History {
  const about = { choices: [], toldAsOf: null, hasOtherRuns: false };
  return { runs: [], events: [], exits: [], decisions: [], jobs: [], ignored: [], ...about };
}

function owed(changes: Partial<PersonJob> = {}): PersonJob {
  const job = { id: 1, key: "start:u:w", kind: "start", workflow: "w", transactionId: "u:w", queue: "novu" } as const;
  return { ...job, state: "waiting", dueAt: 0, attempts: 0, error: null, ...changes };
}

function run(changes: Partial<RunRecord> = {}): RunRecord {
  const at = Date.parse(OCCURRED_AT);
  const ids = { transactionId: "u:w", workflow: "w", distinctId: "ada", eventUuid: "u", eventName: "checkout_started" };
  return {
    ...ids,
    occurredAt: OCCURRED_AT,
    receivedAt: at,
    status: "in progress",
    enteredAt: at,
    endedAt: null,
    ...changes,
  };
}

function why(sandbox: Sandbox, ...options: string[]) {
  return runCommand(sandbox, "why", options);
}
