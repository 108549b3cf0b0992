import { describe, expect, it } from "vitest";
import type { Decision } from "../../../src/contracts/decision.ts";
import type { PersonProperties } from "../../../src/contracts/person.ts";
import type { MergeRequest, Recipient, Start } from "../../../src/contracts/routing.ts";
import type { Run } from "../../../src/contracts/run.ts";
import type { SendingStep } from "../../../src/contracts/workflow.ts";
import { RefusedError, UnavailableError } from "../../../src/lib/errors.ts";
import { createLog } from "../../../src/lib/log.ts";
import type { ReadNow } from "../../../src/outbox/recipients.ts";
import { createRunJob } from "../../../src/outbox/run-job.ts";
import type { Profiled } from "../../../src/outbox/subscribers.ts";
import type { JobAttempt } from "../../../src/outbox/worker.ts";
import { subscriberOf } from "../../../src/routing/person.ts";
import { exit, OCCURRED_AT, profile, run, start } from "../../support/facts.ts";

const NOTE: SendingStep = { step: "note", channel: "in_app", isThrottled: false };
const RECOVERY: SendingStep = { step: "recovery", channel: "email", isThrottled: true };
const MINUTE_MS = 60_000;
/** So many minutes after the event. */
const at = (minutes: number) => new Date(Date.parse(OCCURRED_AT) + minutes * MINUTE_MS).toISOString();

const YES = null;
const NO = new RefusedError("no");
const SILENCE = new UnavailableError("no answer", { answered: false });

/** The facts in the store, and Novu's answers. */
interface Facts {
  now: string;
  steps: SendingStep[];
  /** Of the run that is to start. */
  state: "pending" | "in progress" | "not started" | "exiting" | "exited" | null;
  /** The event by which the person has left. */
  left: string | null;
  /** The answer of `markStarted`: an exit may come during the call. */
  marked: "in progress" | "exited";
  mayEnter: boolean;
  /** Steps with a final decision, and those that failed. */
  decided: string[];
  failed: string[];
  /** When the event happened, earliest first. */
  times: string[];
  /** The runs that an exit ends. */
  ended: string[];
  told: (Profiled & { isDoubtful: boolean }) | null;
  /** The person from events, for a source that does not store persons. */
  known: Profiled | null;
  /** The person as the source has them now. */
  person: Awaited<ReturnType<ReadNow>>;
  /** The recipient of an earlier try, since when Novu has refused none. */
  kept: Recipient | null;
  /** Whether PostHog is still to be asked about an id of the person. */
  joining: boolean;
  /** The answer of PostHog to whether two ids are one person. */
  persons: "one" | "two" | "unknown" | { unavailable: string };
  /** Whether Novu has the subscriber. */
  isSubscriber: boolean;
  trigger: Error | null;
  cancel: Error | null;
}

const NOTHING_SPECIAL: Facts = {
  now: OCCURRED_AT,
  steps: [NOTE, RECOVERY],
  state: "pending",
  left: null,
  marked: "in progress",
  mayEnter: true,
  decided: [],
  failed: [],
  times: [],
  ended: ["u:w"],
  told: null,
  known: null,
  person: { outcome: "not found" },
  kept: null,
  joining: false,
  persons: "one",
  isSubscriber: true,
  trigger: YES,
  cancel: YES,
};

/** The calls for one job, in order, and its result. */
async function runJob(
  job: JobAttempt["job"],
  facts: Partial<Facts> = {},
  tries: Partial<Pick<JobAttempt, "attempts" | "refusals">> = {},
): Promise<{ done: string[]; error: string | null }> {
  const known = { ...NOTHING_SPECIAL, ...facts };
  const done: string[] = [];
  const note =
    <Result>(name: string, result: Result) =>
    async () => {
      done.push(name);
      return result;
    };
  const call = (name: string, error: Error | null) => async () => {
    done.push(name);
    if (error !== null) throw error;
  };
  const decide = async ({ step, outcome, reason, detail }: Decision, { ifOpen }: { ifOpen: boolean }) => {
    done.push(
      `decide ${step} ${outcome}, ${reason}${detail === null ? "" : ` (${detail})`}${ifOpen ? " if open" : ""}`,
    );
  };
  const run = createRunJob({
    novu: {
      trigger: ({ run, to }: Start, key: string) =>
        call(
          ["trigger", run.transactionId, "as", key, to.email ? `to ${to.email}` : [], run.eventEmail ?? []]
            .flat()
            .join(" "),
          known.trigger,
        )(),
      cancel: (id) => call(`cancel ${id}`, known.cancel)(),
      change: ({ subscriberId, email }) =>
        note(`tell ${subscriberId}${email === null ? " of no email" : ""}`, known.isSubscriber)(),
      create: ({ subscriberId }) => note(`create ${subscriberId}`, undefined)(),
    },
    runs: {
      findExitSince: async () => known.left,
      markExiting: note(
        "end runs",
        known.ended.map((transactionId) => ({ transactionId, distinctId: "ada", part: 0 })),
      ),
      findState: async () => known.state,
      markExited: (id) => note(`mark left ${id}`, undefined)(),
      markStarted: (id) => note(`mark started ${id}`, known.marked)(),
      listOccurrences: async ({ from, to }) => known.times.filter((time) => time >= from && time <= to),
      enter: (run: Run, limit) => note(`enter ${run.transactionId} ${limit}`, known.mayEnter)(),
      hasOtherOfEvent: async () => false,
      markNotStarted: (id) => note(`refuse ${id}`, undefined)(),
      saveRecipient: note("keep the recipient", undefined),
      findRecipient: async () => known.kept,
    },
    people: {
      isJoining: async () => known.joining,
      findSentProfile: async () => known.told,
      saveSentProfile: ({ profile }) => note("note the profile", { ...profile, isDoubtful: false })(),
    },
    listDecidedSteps: async (_id, { failed } = { failed: false }) => [
      ...known.decided,
      ...(failed ? known.failed : []),
    ],
    persons: {
      readNow: async () => known.person,
      storedProfile: async () => known.known,
      profileAtSource: async () => null,
      subscriberOf,
    },
    merges: {
      areOnePerson: async () => known.persons,
      merge: ({ previousId, currentId }) => note(`merge ${previousId} into ${currentId}`, undefined)(),
      onNotMerged: note("show that nothing is merged", undefined),
      reingest: ({ previousId }) => note(`look again at ${previousId}`, undefined)(),
    },
    handlers: {
      "awaited event": note("awaited event", undefined),
      "next part": note("next part", undefined),
      receipt: note("receipt", undefined),
      overdue: note("overdue", undefined),
      withdraw: note("withdraw", undefined),
      devices: note("devices", undefined),
      preferences: note("preferences", undefined),
      "opt-outs": note("opt-outs", undefined),
      report: note("report", undefined),
    },
    decide,
    sendingSteps: () => known.steps,
    stepsOfRun: async () => known.steps,
    withdrawNotes: async () => {},
    pace: note("pace", undefined),
    paceSubscribers: note("pace subscribers", undefined),
    onTriggered: (workflow) => void done.push(`count ${workflow}`),
    now: () => Date.parse(known.now),
    log: createLog({ level: "silent" }),
  });
  const attempt = { id: 1, body: "", attempts: 0, isTried: known.kept !== null, refusals: 0, ...tries, job };
  const error = await run(attempt).then(
    () => null,
    (reason: Error) => reason.constructor.name,
  );
  return { done, error };
}

const toStart = (changes: Partial<Start> = {}) => ({ kind: "start", body: start(changes) }) as const;
const TRIGGERED = ["pace", "trigger u:w as u:w", "count w", "mark started u:w"];
const ENTERED = ["enter u:w always", ...TRIGGERED];
const enteredTo = (email: string) => ENTERED.map((done) => (done.startsWith("trigger") ? `${done} to ${email}` : done));
const WITH_EVENT_EMAIL = { run: run({ transactionId: "u:w", eventEmail: "or event@example.com" }) };
const ENTERED_WITH_IT = ENTERED.map((done) => (done.startsWith("trigger") ? `${done} or event@example.com` : done));
const NOW: Facts["person"] = {
  outcome: "found",
  properties: { email: "now@example.com" } as PersonProperties,
  asOf: Date.parse(at(5)),
};
const WAITS: Partial<Start> = { addressWait: { since: OCCURRED_AT, forMs: MINUTE_MS } };
const unsent = (why: string) => [`decide note skipped, ${why} if open`, `decide recovery skipped, ${why} if open`];

describe("a start", () => {
  it.each<[string, Parameters<typeof toStart>[0], Partial<Facts>, string[]]>([
    ["goes to Novu", {}, {}, ENTERED],
    ["goes although the run was begun to be ended", {}, { state: "exiting" }, ENTERED],
    [
      "notes what Novu learns of the person by it",
      { to: { subscriberId: "ada", email: "ada@example.com" } },
      {},
      [...enteredTo("ada@example.com"), "note the profile"],
    ],
    [
      "goes to the address that the person has now",
      { to: { subscriberId: "ada", email: "then@example.com" } },
      { person: NOW },
      [...enteredTo("now@example.com"), "note the profile"],
    ],
    [
      "goes to the address of the event when the source cannot be asked",
      { to: { subscriberId: "ada", email: "then@example.com" } },
      { person: { outcome: "unavailable", why: "down" } },
      [...enteredTo("then@example.com"), "note the profile"],
    ],
    ["has the address of the event for a person without one", WITH_EVENT_EMAIL, {}, ENTERED_WITH_IT],
    [
      "has none for a person with an address",
      WITH_EVENT_EMAIL,
      { person: NOW },
      [...enteredTo("now@example.com"), "note the profile"],
    ],
    [
      "has none for a person with an address in the stored traits",
      { run: { ...WITH_EVENT_EMAIL.run, source: "segment" } },
      { known: profile(), told: { ...profile(), isDoubtful: false } },
      ["enter u:w always", "note the profile", ...ENTERED.slice(1)],
    ],
    [
      "has it as in the try before, whatever the person has now",
      WITH_EVENT_EMAIL,
      { person: NOW, kept: { subscriber: { subscriberId: "ada" }, occurredAt: OCCURRED_AT, hasEmail: false } },
      ENTERED_WITH_IT,
    ],
    [
      "names the recipient of the try before, to which Novu said nothing",
      {},
      {
        person: NOW,
        kept: {
          subscriber: { subscriberId: "ada", email: "before@example.com" },
          occurredAt: OCCURRED_AT,
          hasEmail: true,
        },
      },
      [...enteredTo("before@example.com"), "note the profile"],
    ],
    ["waits no more when the time for an address is over", WAITS, { now: at(1) }, ENTERED],
    ["does not wait for an address that no message needs", WAITS, { steps: [NOTE] }, ENTERED],
    [
      "does not wait when the person has an address",
      WAITS,
      { person: NOW },
      [...enteredTo("now@example.com"), "note the profile"],
    ],
    ["that Novu has taken on is done", {}, { state: "in progress" }, []],
    ["that was refused is done", {}, { state: "not started" }, []],
    [
      "that is done tells once more what is in doubt",
      {},
      { state: "in progress", told: { ...profile(), isDoubtful: true } },
      ["pace subscribers", "tell ada", "note the profile"],
    ],
    [
      "of who has left is taken back, in case that an earlier try reached Novu",
      {},
      { left: "checkout_completed" },
      ["pace", "cancel u:w", ...unsent("exited (checkout_completed)")],
    ],
    [
      "leaves alone what was decided",
      {},
      { left: "checkout_completed", decided: ["note"] },
      ["pace", "cancel u:w", "decide recovery skipped, exited (checkout_completed) if open"],
    ],
    [
      "that is too late is taken back",
      { startBy: at(10) },
      { now: at(10.1) },
      ["pace", "cancel u:w", ...unsent(`too late (checkout_started happened at ${OCCURRED_AT})`)],
    ],
    ["goes at the last moment", { startBy: at(10) }, { now: at(10) }, ENTERED],
    [
      "of who left during the call is taken back after it",
      {},
      { marked: "exited" },
      [...ENTERED, "pace", "cancel u:w"],
    ],
    [
      "of who may not enter is refused, with the reason",
      { entry: "once" },
      { mayEnter: false },
      ["enter u:w once", ...unsent("entered before"), "refuse u:w"],
    ],
    [
      "of somebody whom a source has named tells Novu of them first",
      { run: run({ source: "segment" }) },
      { known: profile() },
      ["enter u:w always", "pace subscribers", "tell ada", "note the profile", ...TRIGGERED],
    ],
  ])("%s", async (_name, changes, facts, expected) => {
    expect(await runJob(toStart(changes), facts)).toEqual({ done: expected, error: null });
  });

  it.each([
    ["the first try", { attempts: 0, refusals: 0 }, "u:w"],
    ["a try after silence", { attempts: 3, refusals: 0 }, "u:w"],
    ["a try after two answers that said no", { attempts: 3, refusals: 2 }, "u:w:2"],
  ])("has the right idempotency key at %s", async (_name, tries, key) => {
    const { done } = await runJob(toStart(), {}, tries);
    expect(done).toContain(`trigger u:w as ${key}`);
  });

  it.each([
    ["no", NO, "RefusedError"],
    ["nothing", SILENCE, "UnavailableError"],
  ])("is tried again when Novu says %s, and counts for nothing", async (_name, trigger, error) => {
    const kept = error === "UnavailableError" ? ["keep the recipient"] : [];
    expect(await runJob(toStart(), { trigger })).toEqual({ done: [...ENTERED.slice(0, 3), ...kept], error });
  });

  it("waits for an address, and for longer each time", async () => {
    for (const minutes of [0, 0.5, 0.9])
      expect(await runJob(toStart(WAITS), { now: at(minutes) })).toEqual({
        done: ["enter u:w always"],
        error: "RetryLaterError",
      });
  });

  it("of who has left is tried again when Novu does not take it back, and nothing is decided", async () => {
    const tried = await runJob(toStart(), { left: "checkout_completed", cancel: NO });
    expect(tried).toEqual({ done: ["pace", "cancel u:w"], error: "RefusedError" });
  });

  it("of who left during the call is tried again when Novu does not take it back", async () => {
    expect((await runJob(toStart(), { marked: "exited", cancel: SILENCE })).error).toBe("UnavailableError");
  });
});

describe("a start on the third of its kind within an hour", () => {
  const occurrence = { nth: 3, withinMs: 60 * MINUTE_MS };
  it.each<[string, number[], boolean]>([
    ["the last of three", [-60, -30, 0], true],
    ["the first of three, which came late", [0, 30, 60], true],
    ["the one between", [-30, 0, 30], true],
    ["one of four", [-90, -20, -10, 0], true],
    ["one of two", [-30, 0], false],
    ["one of three over a longer time", [-60, 0, 60], false],
    ["one of three, of which two are long ago", [-300, -290, 0], false],
  ])("begins by %s: %j, %s", async (_name, minutes, isOften) => {
    const { done } = await runJob(toStart({ occurrence }), { times: minutes.map(at) });
    expect(done).toEqual(isOften ? ENTERED : ["refuse u:w"]);
  });

  it("waits while another id may turn out to be the person's", async () => {
    const { done, error } = await runJob(toStart({ occurrence }), { times: [at(0)], joining: true });
    expect([done, error]).toEqual([[], "RetryLaterError"]);
  });

  it("does not start, without a call to Novu, when that was not the third, even after an exit", async () => {
    const { done } = await runJob(toStart({ occurrence }), { times: [at(0)], left: "checkout_completed" });
    expect(done).toEqual(["refuse u:w"]);
  });
});

describe("a person whose next message is due", () => {
  const refresh = (isWrong = false) =>
    ({
      kind: "refresh subscriber",
      body: { transactionId: "u:w", distinctId: "ada", source: "posthog", occurredAt: OCCURRED_AT, isWrong },
    }) as const;
  const told = (email: string | null) => ({
    ...profile({ subscriber: { subscriberId: "ada", email } }),
    isDoubtful: false,
  });
  const NOBODY_LEFT: Facts["person"] = { ...NOW, properties: {} as PersonProperties };
  const TOLD = ["pace subscribers", "tell ada", "note the profile"];

  it.each<[string, Partial<Facts>, boolean, string[]]>([
    ["is told to Novu when the address is another one", { person: NOW, told: told("then@example.com") }, false, TOLD],
    [
      "is not told again when nothing has changed",
      { person: NOW, told: told("now@example.com") },
      false,
      ["note the profile"],
    ],
    [
      "is told again when a step has seen another address at Novu",
      { person: NOW, told: told("now@example.com") },
      true,
      TOLD,
    ],
    ["is told when Novu was told nothing yet", { person: NOW }, false, TOLD],
    [
      "has no address at Novu any more when it is gone at the source",
      { person: NOBODY_LEFT, told: told("then@example.com") },
      false,
      ["pace subscribers", "tell ada of no email", "note the profile"],
    ],
    ["keeps an address at Novu that others have told", { person: NOBODY_LEFT, told: told(null) }, false, []],
    [
      "is not told as they were before Novu was told of something newer",
      { person: NOW, told: { ...told("newer@example.com"), occurredAt: at(6) } },
      false,
      [],
    ],
    ["is left alone when they are forgotten here", { person: NOW, state: null }, true, []],
    ["is left alone when the source does not know them", { told: told("then@example.com") }, false, []],
    [
      "is made at Novu where there is none",
      { person: NOW, isSubscriber: false },
      false,
      ["pace subscribers", "tell ada", "pace subscribers", "create ada", "note the profile"],
    ],
  ])("%s", async (_name, facts, isWrong, expected) => {
    expect(await runJob(refresh(isWrong), facts)).toEqual({ done: expected, error: null });
  });

  it("is read again later when the source cannot be asked", async () => {
    const person = { outcome: "unavailable", why: "down" } as const;
    expect(await runJob(refresh(), { person })).toEqual({ done: [], error: "UnavailableError" });
  });
});

describe("two ids that an event says are one person's", () => {
  const toJoin = (changes: Partial<MergeRequest> = {}) => {
    const facts = { previousId: "visitor", currentId: "ada", occurredAt: OCCURRED_AT, receivedAt: OCCURRED_AT };
    return { kind: "merge", body: { ...facts, eventUuid: "i", checkAt: "posthog", merge: true, ...changes } } as const;
  };
  const MERGED = ["merge visitor into ada", "look again at visitor"];

  it.each<[string, Partial<MergeRequest>, Facts["persons"], string[]]>([
    ["are, where PostHog says so", {}, "one", MERGED],
    ["are, where PostHog does not know both", {}, "unknown", MERGED],
    ["are two where PostHog says so", {}, "two", ["show that nothing is merged"]],
    ["are, where the source merges whoever it is", { checkAt: null }, "two", MERGED],
    [
      "are looked at again, and not merged, where one is a device's",
      { checkAt: null, merge: false },
      "two",
      ["look again at visitor"],
    ],
  ])("%s", async (_name, changes, persons, expected) => {
    expect(await runJob(toJoin(changes), { persons })).toEqual({ done: expected, error: null });
  });

  it("wait until PostHog can be asked", async () => {
    expect(await runJob(toJoin(), { persons: { unavailable: "down" } })).toEqual({
      done: [],
      error: "UnavailableError",
    });
  });
});

describe("an exit", () => {
  const toExit = { kind: "exit", body: exit() } as const;
  const LEFT = unsent("exited (checkout_completed)");

  it.each<[string, Partial<Facts>, string[]]>([
    ["of nobody's run does nothing", { ended: [] }, []],
    [
      "takes a run back at Novu, with the reason for each message",
      {},
      ["pace", "cancel u:w", ...LEFT, "mark left u:w"],
    ],
    [
      "takes back each run",
      { ended: ["u:w", "v:w"] },
      ["pace", "cancel u:w", ...LEFT, "mark left u:w", "pace", "cancel v:w", ...LEFT, "mark left v:w"],
    ],
    ["leaves a run alone of which all is decided", { decided: ["note", "recovery"] }, ["mark left u:w"]],
    [
      "takes back the rest of a run",
      { decided: ["note"] },
      ["pace", "cancel u:w", "decide recovery skipped, exited (checkout_completed) if open", "mark left u:w"],
    ],
    [
      "takes back what is open because it failed",
      { failed: ["note", "recovery"] },
      ["pace", "cancel u:w", ...LEFT, "mark left u:w"],
    ],
  ])("%s", async (_name, facts, expected) => {
    expect(await runJob(toExit, facts)).toEqual({ done: ["end runs", ...expected], error: null });
  });

  it.each([
    ["no", NO, "RefusedError"],
    ["nothing", SILENCE, "UnavailableError"],
  ])("is tried again when Novu says %s, with the run still on its way out", async (_name, cancel, error) => {
    expect(await runJob(toExit, { cancel })).toEqual({ done: ["end runs", "pace", "cancel u:w"], error });
  });
});

describe("a run of which Novu asks for nothing any more", () => {
  const throttled = { kind: "throttle", body: { transactionId: "u:w", distinctId: "ada", workflow: "w" } } as const;
  const second: SendingStep = { step: "second", channel: "email", isThrottled: true };

  it.each<[string, Partial<Facts>, string[]]>([
    ["was throttled", {}, unsent("throttled")],
    ["was throttled after its first note", { decided: ["note"] }, ["decide recovery skipped, throttled if open"]],
    ["was not, when the step behind the throttle was decided", { decided: ["recovery"] }, []],
    ["was not, when the step behind the throttle failed", { failed: ["recovery"] }, []],
    [
      "was not, when one of the steps behind it was decided",
      { steps: [NOTE, RECOVERY, second], decided: ["second"] },
      [],
    ],
  ])("%s", async (_name, facts, expected) => {
    expect(await runJob(throttled, facts)).toEqual({ done: expected, error: null });
  });
});
