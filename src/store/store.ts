import type { Capture } from "../contracts/capture.ts";
import type { Decision } from "../contracts/decision.ts";
import type { LifecycleEvent, Source } from "../contracts/event.ts";
import type { RunVariant } from "../contracts/experiment.ts";
import type { Histories } from "../contracts/history.ts";
import type { Job, Queue } from "../contracts/job.ts";
import type { EntryLimit, Exit, Merge, Routing, Subscriber } from "../contracts/notification.ts";
import type { Bounce, OptOutChange, OptOuts } from "../contracts/opt-out.ts";
import type { PersonRead } from "../contracts/person.ts";
import type { Shape } from "../contracts/shape.ts";

/** Job that this process has taken on, until it says what became of it. */
export interface ClaimedJob {
  id: number;
  /** What is to be done, as JSON; another version may have written it. */
  body: string;
  /** How often it has failed before. */
  attempts: number;
  /** Whether it was put back before, for whatever reason. */
  isTried: boolean;
  /** How often the other side has answered no, so that its memory of an answer can be told from its silence. */
  refusals: number;
}

/** Nothing is written of `another event`: its uuid is that of an event with another name or distinct id. */
export type Accepted = "accepted" | "duplicate" | "another event";

/** A delivery that caused nothing, kept for people to see. */
export interface IgnoredEvent {
  source: Source;
  receivedAt: string;
  reason: string;
  eventUuid: string | null;
  eventName: string | null;
  /** Whose event it was; null when it could not be read. */
  distinctId: string | null;
  /** As it came, cut to what is worth keeping. */
  body: string;
}

/** Job that nothing tries again by itself. */
export interface DeadJob {
  id: number;
  key: string;
  queue: Queue;
  attempts: number;
  error: string;
}

export interface JobCounts {
  waiting: number;
  dead: number;
}

/** The work of one queue; `oldestDueAt` is null when none waits. */
export interface QueueCounts extends JobCounts {
  queue: Queue;
  oldestDueAt: number | null;
}

/** What became of one workflow's runs and messages in a period. */
export interface WorkflowCounts {
  workflow: string;
  /** Runs that Novu took on. */
  entered: number;
  sent: number;
  skipped: number;
  failed: number;
}

/** Which dead jobs to do again: one piece, all that died of one cause, or all. */
export type DeadSelection = { id: number } | { error: string } | "all";

/** Everything that is kept on one person, table by table. */
export type PersonRecords = Record<
  | "events"
  | "runs"
  | "entries"
  | "exits"
  | "decisions"
  | "sends"
  | "variants"
  | "captures"
  | "customValues"
  | "jobs"
  | "ignored"
  | "profiles"
  | "traits"
  | "optOuts"
  | "bounces"
  | "aliases",
  Array<Record<string, unknown>>
>;

/** A run as its person and workflow know it. */
export interface RunPlace {
  transactionId: string;
  workflow: string;
  distinctId: string;
  /** ISO 8601 */
  occurredAt: string;
}

/** A run that Novu has. */
export interface OpenRun extends Pick<RunPlace, "workflow" | "distinctId"> {
  enteredAt: number;
}

/** An exit among those of its workflow. */
export interface ExitPlace {
  /** ISO 8601 */
  occurredAt: string;
  distinctId: string;
  eventUuid: string;
}

/** What is known of a person, as of when. */
export interface PersonProfile {
  subscriber: Subscriber;
  /** ISO 8601 */
  occurredAt: string;
}

/** What Novu was told; in doubt when an older one may have overwritten it. */
export interface ToldProfile extends PersonProfile {
  isDoubtful: boolean;
}

/**
 * The outbox: an event and the work it causes are written together, then each job is
 * done, retried or ignored for a human. What is asked by a distinct id is answered for all the
 * ids that were ever merged with it, whenever the merge arrived. Every promise resolves when the disk has it, and rejects
 * when it has not. Times are ISO 8601 in events and decisions, milliseconds since 1970 elsewhere.
 */
export interface Store extends Histories {
  /**
   * An event with its work, all or nothing; `duplicate` when every part of it was there already.
   * Rejects with a PermanentError when the event itself is why it cannot be written.
   */
  accept(event: LifecycleEvent, routing: Routing): Promise<Accepted>;
  /** The bodies that were ignored as a visitor's within an hour before `until`, in the order in which they came. */
  ofVisitor(distinctId: string, until: number): Promise<Array<{ id: number; source: Source; body: string }>>;
  /** They have caused something after all. */
  deleteIgnored(ids: number[]): Promise<void>;
  /** Those of the events that are here, with what they caused or among what was ignored; in no order. */
  knownEvents(uuids: string[]): Promise<string[]>;
  keepIgnored(delivery: IgnoredEvent): Promise<void>;
  listIgnored(limit: number): Promise<IgnoredEvent[]>;

  /**
   * Up to `limit` pieces of due work of a queue, oldest first, which no other claim gets until `leaseMs`
   * have passed; `done` is completed along with it.
   */
  claim(queue: Queue, limit: number, leaseMs: number, done?: number[]): Promise<ClaimedJob[]>;
  /** Keeps claims for another `leaseMs` from now, while their work is in progress. */
  renew(ids: number[], leaseMs: number): Promise<void>;
  /** Done: forgotten. */
  complete(ids: number[]): Promise<void>;
  /** Being asked to wait is no failed attempt; `answered` means that the other side has answered, so that the next attempt has another idempotency key. */
  retryAt(id: number, retry: { at: number; error: string; failed: boolean; answered: boolean }): Promise<void>;
  /** Nothing tries this again by itself; `answered`, false when left out, as for `retryAt`: a redrive has another key then. */
  giveUp(id: number, error: string, options?: { answered: boolean }): Promise<void>;
  /** When the earliest waiting work of a queue is due; null when none waits. Claimed work counts at the end of its lease. */
  nextDueAt(queue: Queue): Promise<number | null>;
  countJobs(): Promise<JobCounts>;
  countQueues(): Promise<QueueCounts[]>;
  /** The newest `limit` dead jobs. */
  listDead(limit: number): Promise<DeadJob[]>;
  /** What work died of, the commonest first. */
  deadCauses(): Promise<Array<{ error: string; count: number }>>;
  /** Gives dead jobs all its attempts again, from now; answers how many pieces. */
  redrive(which: DeadSelection): Promise<number>;

  /**
   * Takes places in a line, `intervalMs` apart, that every process on this store stands in; answers how long it
   * is until the first, and how far ahead the line was if that was too far to be true, else 0.
   */
  reserveSlots(line: string, count: number, intervalMs: number): Promise<{ waitMs: number; disbelievedMs: number }>;

  /** A studio session is over before it expires, at `expiresAt`; from then on it need not be remembered. */
  endSession(id: string, expiresAt: number): Promise<void>;
  hasEnded(sessionId: string): Promise<boolean>;

  /** Takes a turn, for `leaseMs`, at what one process at a time does; null when it is taken, else when the next one is. */
  takeLease(name: string, leaseMs: number): Promise<number | null>;
  /** When the next turn is; for whoever has this one. */
  setNextRun(name: string, nextAt: number): Promise<void>;
  /** The newest profile that Novu was told of this distinct id, which is its subscriber; null when none. */
  profileTold(distinctId: string): Promise<ToldProfile | null>;
  /**
   * Novu has just been told this by somebody who knew of `known`. Keeps the newest and answers it, in
   * doubt when it is not this one, or when another was told meanwhile. Keeps nothing when `known` was forgotten meanwhile.
   */
  noteProfile(told: { profile: PersonProfile; known: PersonProfile | null }): Promise<ToldProfile>;

  /**
   * What sources that keep no persons have told of these, the newest of each property over all their ids, with
   * the time of the newest, ISO 8601; nothing of whom nothing was told.
   */
  traitsOf(distinctIds: string[]): Promise<Map<string, PersonRead & { occurredAt: string }>>;

  /** When a person started a workflow by this event, within a time, both ends included; ISO 8601, earliest first. */
  occurrences(query: {
    distinctId: string;
    workflow: string;
    eventName: string;
    from: string;
    to: string;
  }): Promise<string[]>;
  /**
   * Whether a message finds room among the `most` that its person gets in a time, from now back. It has
   * its place from then on, unless it is decided not to send it.
   */
  reserveSend(
    send: { transactionId: string; step: string; distinctId: string },
    cap: { most: number; withinMs: number },
  ): Promise<boolean>;
  /** Novu is told to ask for this message again; answers how often it has been told by now. */
  putOff(send: { transactionId: string; step: string; distinctId: string }): Promise<number>;

  /** The code of this process has these shapes now. */
  keepShapes(shapes: Array<{ id: string; shape: Shape }>): Promise<void>;
  /** The shape with this id; null when no process has kept it. */
  shape(id: string): Promise<Shape | null>;
  /** All shapes that a workflow has had, the one that was last in the code first. */
  shapesOf(workflow: string): Promise<Shape[]>;
  /** Keeps the result of a custom step that Novu does not have, unless one was kept before, or in its place; answers what holds. */
  keepValue(
    step: { transactionId: string; step: string; distinctId: string },
    value: unknown,
    options?: { replace: boolean },
  ): Promise<unknown>;
  /** The results that were kept for a run, by step. */
  keptValues(transactionId: string): Promise<Record<string, unknown>>;

  /** What was drawn for a run, by flag. */
  variantsOf(transactionId: string): Promise<Record<string, RunVariant>>;
  /** Keeps what was drawn for a run, unless something was before; answers what holds, by flag. */
  keepVariants(
    run: { transactionId: string; distinctId: string },
    drawn: Record<string, RunVariant>,
  ): Promise<Record<string, RunVariant>>;
  /**
   * What a person does not want any more, or wants again, with the work that it owes: Novu and PostHog
   * are told. Answers what that changed; what was said before, or has been said otherwise since, nothing.
   */
  choose(choice: OptOutChange): Promise<string[]>;
  /** What holds of a person now. */
  optOutsOf(distinctId: string): Promise<OptOuts>;
  /** Nothing can be delivered to this address of a person, or to one that is not known, since `at`, ISO 8601. */
  noteBounce(bounce: { distinctId: string; address: string | null; at: string }): Promise<void>;
  /** The newest of each of their ids. */
  bouncesOf(distinctId: string): Promise<Bounce[]>;

  /** Whether a run may begin under its workflow's limit; the first that asks has the place, and keeps it when it asks again. */
  enter(run: RunPlace, limit: EntryLimit): Promise<boolean>;
  /** This run does not begin. */
  refuse(transactionId: string): Promise<void>;

  /**
   * The name of an exit event of this person that ends this run, whose event happened at `since`; null when there
   * is none. An exit ends a run when it happened no earlier, or up to two minutes earlier and arrived later.
   */
  exitSince(query: {
    workflow: string;
    distinctId: string;
    transactionId: string;
    since: string;
  }): Promise<string | null>;
  /** The transaction ids of the runs that an exit reaches; they count as left at once, and are named again until `markExited`. */
  endRuns(exit: Exit): Promise<string[]>;
  /** When these people last made an exit of a workflow, ISO 8601 by distinct id; without those who never did. */
  lastExits(query: { workflow: string; distinctIds: string[] }): Promise<Map<string, string>>;
  /**
   * Of up to `limit` exits of a workflow, from `from` until just before `until`, ISO 8601, those that were their
   * person's last one; a person twice when two were at that moment. `next` is what to go on `after`, null at the end.
   */
  goneSince(query: {
    workflow: string;
    from: string;
    until: string;
    after: ExitPlace | null;
    limit: number;
  }): Promise<{ people: Array<{ distinctId: string; lastSeenAt: string }>; next: ExitPlace | null }>;
  /** What became of a run; null when there is none. */
  runState(
    transactionId: string,
  ): Promise<"pending" | "started" | "exiting" | "exited" | "not started" | "failed" | null>;
  /** A run that Novu has and that nothing has ended yet, with when Novu took it on, in milliseconds since 1970; null for any other. */
  openRun(transactionId: string): Promise<OpenRun | null>;
  /** Ends a run of which nothing more is to be expected from Novu; answers whether it was still open. */
  closeRun(transactionId: string, as: "finished" | "failed"): Promise<boolean>;
  /**
   * Other runs of a run's person and workflow that are open, or were lost since it began, and of which Novu took each on
   * before that time; the earliest first, ten at most.
   */
  runsBeside(
    run: OpenRun & { transactionId: string; before: number },
  ): Promise<Array<{ transactionId: string; enteredAt: number; isLost: boolean }>>;
  /** Keeps the recipient of a trigger to which Novu has said nothing, until Novu refuses one. */
  keepRecipient(trigger: { transactionId: string; refusals: number; recipient: PersonProfile }): Promise<void>;
  /** The recipient that was kept since Novu has refused so many; null when none was. */
  keptRecipient(trigger: { transactionId: string; refusals: number }): Promise<PersonProfile | null>;
  /** Novu has been told to end this run. */
  markExited(transactionId: string): Promise<void>;
  /** Novu has taken this run on; `left` when the person left while it did. */
  markStarted(transactionId: string, shape?: string | null): Promise<"started" | "exited">;
  /** Keeps a run whose trigger did not come from here; answers whether it was here already, for this person or another one. */
  adoptRun(run: RunPlace): Promise<"new" | "known" | "of another person">;
  /** The shape that the workflow of a run had at the trigger; null where it is not known. */
  shapeOfRun(transactionId: string): Promise<Shape | null>;

  /**
   * Notes a decision and the report it owes. For what is sent that is first the question to Novu what became of
   * it, half a minute later; the report is owed once the decision has a `receipt`. There is one per run and step:
   * a later one replaces it, unless the person has left by then, Novu has said what became of it, or with `ifOpen`;
   * `insteadOf` replaces just that one. With `endsRun` it is the run's last. Of its exposures those are left that no other step of the run has told of.
   * Answers what holds now, and whether that is new.
   */
  decide(
    decision: Decision,
    options?: { ifOpen?: boolean; insteadOf?: Decision; endsRun?: boolean },
  ): Promise<{ decision: Decision; isNew: boolean }>;
  /** The steps of a run at which something was decided: something final, by `isFinal`, or with `failed` anything. */
  decidedSteps(transactionId: string, options?: { failed?: boolean }): Promise<string[]>;
  /** Job to be done later; the same `key` is the same work, and its first time counts, or with `replace` its last. */
  schedule(key: string, job: Job, at: number, options?: { replace: boolean }): Promise<void>;
  /** Notes what became of a message, and the report it owes; once for each run, step and status, and answers whether this was it. */
  capture(capture: Capture): Promise<boolean>;
  /** The newest `limit` (1,000) decisions, in the order they were first made. */
  listDecisions(query?: { distinctId?: string; limit?: number }): Promise<Decision[]>;
  /** How many runs have ended at Novu before their last message since then, in milliseconds since 1970. */
  countLost(since: number): Promise<number>;
  /** What became of each workflow since then, in milliseconds since 1970. */
  countWorkflows(since: number): Promise<WorkflowCounts[]>;

  /** Everything that is kept on a person. */
  personRecords(distinctId: string): Promise<PersonRecords>;
  /** Deletes it, work that waits and what they do not want included; answers how many records of each kind. */
  forgetPerson(distinctId: string): Promise<Record<keyof PersonRecords, number>>;
  /** Whether it is still to be found out if this id is one with another. */
  isJoining(distinctId: string): Promise<boolean>;
  /** Two ids are one person's from now on; the same merge again changes nothing. */
  merge(merge: Merge): Promise<void>;
  /**
   * Undoes the merges that name this distinct id, which is nobody else's from then on; answers how many. They do
   * not come back with the events that told of them, but another event may merge it again.
   */
  splitPerson(distinctId: string): Promise<number>;
  /**
   * Deletes up to `mostRows` of what is here since before `before`, whenever it happened, in one short transaction;
   * answers how many there were, or null when another process is at it. What has work to be done is kept,
   * and so are merges, because an id may turn up again at any time, and what people do not want.
   */
  prune(before: number, mostRows: number): Promise<number | null>;

  /** Calls `wake` when another process may have left work in a queue; the answer ends that. */
  watch(wake: (queue: Queue) => void): () => Promise<void>;
  /** Throws when nothing could be written now. */
  ping(): Promise<void>;
  /**
   * Copies the store of this moment to a file that is not there yet; events are accepted meanwhile. The
   * copy is a store: as `bridge.db` in a DATA_DIR of its own it can be opened. PostgreSQL refuses, and names pg_dump.
   */
  backup(file: string): Promise<void>;
  close(): Promise<void>;
}

/** The methods that only read. */
const READS = [
  "ofVisitor",
  "isJoining",
  "knownEvents",
  "listIgnored",
  "nextDueAt",
  "countJobs",
  "countQueues",
  "listDead",
  "deadCauses",
  "profileTold",
  "traitsOf",
  "occurrences",
  "variantsOf",
  "shape",
  "shapesOf",
  "shapeOfRun",
  "keptValues",
  "optOutsOf",
  "bouncesOf",
  "exitSince",
  "lastExits",
  "goneSince",
  "runState",
  "keptRecipient",
  "decidedSteps",
  "listDecisions",
  "countWorkflows",
  "countLost",
  "personRecords",
  "listRuns",
  "history",
  "decisionsOf",
  "countOutcomes",
  "countIgnored",
  "pageIgnored",
  "listWaiting",
  "pageDead",
  "close",
] as const satisfies Array<keyof Store>;

/** The store for a command beside the app: nothing in it writes. */
export type ReadStore = Pick<Store, (typeof READS)[number]>;

export function onlyReads(store: Store): ReadStore {
  return Object.fromEntries(READS.map((name) => [name, store[name]])) as unknown as ReadStore;
}
