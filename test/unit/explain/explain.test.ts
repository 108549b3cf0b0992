import { describe, expect, it } from "vitest";
import type { Decision } from "../../../src/contracts/decision.ts";
import type { EventRecord, History, PersonJob, RunRecord } from "../../../src/contracts/history.ts";
import { explain } from "../../../src/explain/explain.ts";
import { decision, event, exit, LATER, OCCURRED_AT } from "../../support/facts.ts";

describe("explain", () => {
  it.each<[string, Partial<Decision>, string]>([
    ["exited", { reason: "exited", detail: "checkout_completed" }, "the person had exited by checkout_completed"],
    ["opted out", { reason: "opted out", detail: "tips" }, "the person opted out of tips"],
    [
      "not needed",
      { reason: "not needed", detail: "has bought" },
      "a condition of the workflow skips it, “has bought”",
    ],
    ["entered before", { reason: "entered before" }, "the person had entered this workflow before"],
    ["held out", { reason: "held out", detail: "holdout-a" }, "the person is in the holdout group (holdout-a)"],
    ["error", { outcome: "failed", reason: "error", detail: "StepFailed" }, "the code of the step failed (StepFailed)"],
  ])("explains why a message was not sent: %s", (_reason, changes, words) => {
    const made = decision({ outcome: "skipped", ...changes });
    const { links } = explain({ ...history(), runs: [run()], decisions: [made] }, { person: "ada" });
    expect(links.at(-1)?.sentence).toContain(`welcome (email) was not sent: ${words}`);
  });

  const NOT_FOUND = { outcome: "skipped", reason: "person not found" } as const;
  const UNAVAILABLE = { outcome: "skipped", reason: "person unavailable", personSource: "snapshot" } as const;

  it.each<[EventRecord["source"] | null, Partial<Decision>, string]>([
    ["posthog", { ...NOT_FOUND, personSource: null }, "PostHog has no such person"],
    ["segment", { ...NOT_FOUND, personSource: null }, "the person of this Segment event no longer exists"],
    ["segment", { ...NOT_FOUND, personSource: "segment" }, "Segment has no such person"],
    ["segment", { ...NOT_FOUND, personSource: "posthog" }, "PostHog has no such person"],
    ["segment", { ...NOT_FOUND, personSource: "own" }, "no event of such a person has arrived"],
    ["sweep", { ...NOT_FOUND, personSource: null }, "the person no longer exists"],
    [null, { ...NOT_FOUND, personSource: null }, "the person no longer exists"],
    ["posthog", UNAVAILABLE, "the person could not be read from PostHog, and the workflow skips the message then"],
    [
      "segment",
      UNAVAILABLE,
      "the person of this Segment event could not be read, and the workflow skips the message then",
    ],
    ["sweep", UNAVAILABLE, "the person could not be read, and the workflow skips the message then"],
  ])("names where the person of a run from %s was read: %j", (source, changes, words) => {
    const { uuid, name, distinctId, occurredAt, properties } = event();
    const events = source === null ? [] : [{ source, uuid, name, distinctId, occurredAt, properties, receivedAt: 0 }];
    const chain = explain({ ...history(), runs: [run()], events, decisions: [decision(changes)] }, { person: "ada" });
    expect(chain.links.at(-1)?.sentence).toBe(`welcome (email) was not sent: ${words}.`);
    expect(chain.answer).toContain(`Last message not sent: welcome, because ${words}.`);
  });

  const NOT_STARTED = { status: "not started", enteredAt: null } as const;
  const PENDING = { status: "pending", enteredAt: null } as const;

  it.each<[Array<Partial<RunRecord>>, of: string | null, answer: string]>([
    [[{}, {}], "w", "ada entered W twice."],
    [[{}], null, "ada has 1 run."],
    [[NOT_STARTED], "w", "1 run of ada in W did not start."],
    [[NOT_STARTED], null, "1 run of ada did not start."],
    [[{}, NOT_STARTED, NOT_STARTED], "w", "ada entered W once. 2 runs of ada in W did not start."],
    [[PENDING], "w", "1 run of ada in W is not at Novu yet."],
  ])("counts only runs that started as entries: %j", (changes, workflow, answer) => {
    const runs = changes.map((change, index) => run({ transactionId: `${index}:w`, ...change }));
    const workflows = [{ id: "w", name: "W", events: [] }];
    const chain = explain({ ...history(), runs }, { person: "ada", workflow, workflows });
    expect(chain.answer.startsWith(`${answer} No message was sent.`)).toBe(true);
  });

  it("has where the person was read", () => {
    const { links } = explain(
      { ...history(), runs: [run()], decisions: [decision({ personSource: "snapshot" })] },
      { person: "ada" },
    );
    expect(links.at(-1)?.sentence).toBe(
      "welcome (email) was sent. The person could not be read at that moment, so the properties known from the events were used.",
    );
  });

  it("does not name another person whose event ended the run", () => {
    const exits = [
      { ...exit(), eventName: "invite_accepted", distinctId: null, eventUuid: null, wait: null, ends: ["u:w"] },
    ];
    const { links } = explain({ ...history(), runs: [run({ status: "exited" })], exits }, { person: "ada" });
    expect(links.find(({ kind }) => kind === "exit")).toMatchObject({
      ...{ label: "exited", runRef: "u:w", sentence: "ada exited w by invite_accepted of another person." },
    });
  });

  it("has an exit that ended no run, a run with too few events, and a dead start", () => {
    const jobs = [owed({ state: "dead", attempts: 18, error: "no" })];
    const facts = {
      ...history(),
      runs: [run({ status: "not started", enteredAt: null })],
      exits: [{ ...exit(), wait: null, ends: [] }],
      jobs,
    };
    const chain = explain(facts, { person: "ada" });
    expect(chain.answer).toBe("A run of ada is stuck. The start of the run at Novu is dead: no.");
    expect(chain.links.map(({ sentence }) => sentence)).toEqual([
      "The start of the run at Novu is dead after 18 attempts. It does not run again until you redrive it.",
      "ada did not enter w: the event has not happened often enough yet.",
      "checkout_completed ends w, but it ended no run of ada.",
    ]);
  });

  it.each(
    Object.entries({
      start: "The start of the run at Novu",
      exit: "The cancellation of the run at Novu",
      "awaited event": "The end of a wait for this event",
      "next part": "The next part of the run, after its wait for an event,",
      receipt: "The check whether Novu sent a message",
      withdraw: "The withdrawal of unread notes at Novu",
      overdue: "The check of an overdue run at Novu",
      throttle: "The check for a throttled run at Novu",
      "refresh subscriber": "The update of the person's address at Novu",
      merge: "The check at PostHog whether two ids are one person",
      "upsert subscriber": "The update of the subscriber at Novu",
      preferences: "The update of the preferences at Novu",
      devices: "The update of the devices at Novu",
      "opt-outs": "The update of the opt-outs at PostHog",
      report: "The report of a message to PostHog",
    } satisfies Record<PersonJob["kind"], string>) as Array<[PersonJob["kind"], string]>,
  )("has jobs of the kind %s, waiting and dead", (kind, words) => {
    const explained = (changes: Partial<PersonJob>) =>
      explain({ ...history(), jobs: [owed({ kind, ...changes })] }, { person: "ada" });
    const waiting = [{ label: "waiting", sentence: `${words} is due at this time.` }];
    // Each run that waits has one of each.
    expect(explained({}).links).toMatchObject(kind === "refresh subscriber" || kind === "overdue" ? [] : waiting);
    expect(explained({ error: "no" }).links).toMatchObject(waiting);
    const { links, answer, isKnown } = explained({ state: "dead", attempts: 1, error: "no" });
    const sentence = `${words} is dead after 1 attempt. It does not run again until you redrive it.`;
    expect(links).toMatchObject([{ label: "dead", sentence, value: "no" }]);
    expect(answer.toLowerCase()).toContain(words.toLowerCase());
    expect(isKnown).toBe(true);
  });

  const NO_RUN =
    "ada has not entered w: no event of this person started a run, or it is older than the retention time.";

  it.each<[string, Partial<History>, Array<[label: string, sentence: string]>, answer?: string]>([
    ["a waiting job", { jobs: [owed()] }, [["waiting", "The start of the run at Novu is due at this time."]]],
    ["a waiting job of another workflow", { jobs: [owed({ workflow: "v" })] }, []],
    ["a run of another workflow", { hasOtherRuns: true }, []],
    ["data sent to Novu", { subscriberAsOf: LATER }, [], `${NO_RUN} Novu has the data of this person as of ${LATER}.`],
    [
      "an opt-out, and an opt-in",
      {
        optOuts: [
          { at: OCCURRED_AT, topic: "all", isOut: true, cause: "link" },
          { at: LATER, topic: "tips", isOut: false, cause: "link" },
        ],
      },
      [
        ["opted out", "ada opted out of all messages."],
        ["opted in", "ada opted in to tips."],
      ],
    ],
  ])("knows a person without runs: %s", (_title, facts, expected, words = NO_RUN) => {
    const { isKnown, answer, links } = explain({ ...history(), ...facts }, { person: "ada", workflow: "w" });
    expect(isKnown).toBe(true);
    expect(answer).toBe(words);
    expect(links.map(({ label, sentence }) => [label, sentence])).toEqual(expected);
  });

  it.each<[Partial<Decision>, label: string, sentence: string, note: string | null]>([
    [{}, "sent", "welcome (email) was sent.", null],
    [{ receipt: "confirmed" }, "sent", "welcome (email) was sent.", "Novu confirmed that it was sent."],
    [
      { receipt: "no answer" },
      "sent to Novu",
      "welcome (email) was sent to Novu.",
      "Novu did not report within an hour whether it was sent.",
    ],
    [
      { outcome: "failed", reason: "provider failed", detail: "451", receipt: "corrected" },
      "failed",
      "welcome (email) was not sent: the provider did not accept it (451).",
      "Novu reported this after the message was sent to it.",
    ],
    [
      { outcome: "skipped", reason: "opted out at Novu", detail: "by the workflow" },
      "not sent",
      "welcome (email) was not sent: the preferences of the workflow at Novu turn this channel off.",
      null,
    ],
    [
      { outcome: "skipped", reason: "outside the schedule" },
      "not sent",
      "welcome (email) was not sent: it was outside the hours that the person set at Novu.",
      null,
    ],
    [
      { outcome: "failed", reason: "lost at Novu", detail: "Bridge execution failed" },
      "failed",
      "welcome (email) was not sent: the run ended at Novu: Bridge execution failed.",
      null,
    ],
  ])("has what Novu did with a message: %j", (changes, label, sentence, note) => {
    const decisions = [decision({ personSource: null, ...changes })];
    expect(explain({ ...history(), decisions }, { person: "ada" }).links).toMatchObject([{ label, sentence, note }]);
  });

  it("has a run that failed at Novu, with the reason", () => {
    const decisions = [decision({ outcome: "failed", reason: "lost at Novu", detail: "wait: Bad Gateway" })];
    const runs = [run({ status: "failed", endedAt: Date.parse(LATER) })];
    const { answer, links } = explain({ ...history(), runs, decisions }, { person: "ada", workflow: "w" });
    expect(answer).toBe("ada entered w once. No message was sent. A run failed at Novu: wait: Bad Gateway.");
    expect(links.at(-1)).toMatchObject({ label: "failed", tone: "bad", value: "wait: Bad Gateway" });
  });

  it("has only the ignored events of this workflow", () => {
    const record = {
      id: 1,
      source: "posthog" as const,
      receivedAt: LATER,
      eventUuid: "u",
      distinctId: "ada",
      body: "",
    };
    const ignored = [
      { ...record, eventName: "checkout_started", reason: "anonymous" },
      { ...record, eventName: "$pageview", reason: 'no workflow listens to "$pageview"' },
    ];
    const about = { person: "ada", workflow: "w", workflows: [{ id: "w", name: "W", events: ["checkout_started"] }] };
    const chain = explain({ ...history(), ignored }, about);
    expect(chain.links.map(({ value }) => value)).toEqual(["anonymous"]);
    expect(chain.answer).toBe("ada has not entered W. Last ignored event: anonymous.");
  });
});

function history(): History {
  const about = { optOuts: [], withdrawals: [], subscriberAsOf: null, hasOtherRuns: false };
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
