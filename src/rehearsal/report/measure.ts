import { CHANNELS, type Channel } from "../../contracts/channel.ts";
import { DAY_MS } from "../../lib/durations.ts";
import type { MessageOutcome, PersonOutcome, RunOutcome, SideFacts } from "../outcome.ts";
import { isNight } from "./night.ts";
import { add, type Count, getOrMake, listed, type Tally } from "./tally.ts";

const WEEK_MS = 7 * DAY_MS;

interface StepMeasure {
  step: string;
  channel: Channel;
  sent: number;
  /** The reasons of the messages that were skipped or failed. */
  notSent: Count[];
}

export interface WorkflowMeasure {
  id: string;
  /** The people and the runs that entered: all but those that were not started. */
  people: number;
  runs: number;
  notStarted: number;
  /** The runs that ended at Novu before their last message, or never reached Novu. */
  failed: number;
  sent: Array<Count<Channel>>;
  notSent: Count[];
  /** The runs that exit events ended, by the event's name. */
  exits: Count[];
  steps: StepMeasure[];
}

/** One side of a rehearsal in numbers. */
export interface SideMeasure {
  facts: SideFacts;
  people: number;
  /** The people who got a message. */
  reached: number;
  sent: Array<Count<Channel>>;
  notSent: Count[];
  /** In the order of the side's workflows. */
  workflows: WorkflowMeasure[];
  /** The people with more than `mostPerWeek` messages in any 7 days. In-app notes do not count. */
  overWeek: number;
  /** The messages that the frequency cap held back. */
  overCap: number;
  /** The messages that were sent although an exit event had ended the run. */
  afterExit: number;
  /** The messages between 22:00 and 07:00 by the person's clock. In-app notes do not count. */
  atNight: number;
  /** The failed messages by reason. */
  failed: Count[];
  ignored: Count[];
}

export interface Meter {
  add(person: PersonOutcome): void;
  measure(): SideMeasure;
}

interface StepTally {
  channel: Channel;
  sent: number;
  notSent: Tally;
}

interface WorkflowTally extends Pick<WorkflowMeasure, "people" | "runs" | "notStarted" | "failed"> {
  exits: Tally;
  steps: Map<string, StepTally>;
}

type Totals = Pick<SideMeasure, "people" | "reached" | "overWeek" | "overCap" | "afterExit" | "atNight">;

/** Counts one person after the other, and keeps none of them. */
export function createMeter(facts: SideFacts, mostPerWeek: number): Meter {
  const totals: Totals = { people: 0, reached: 0, overWeek: 0, overCap: 0, afterExit: 0, atNight: 0 };
  const failed: Tally = new Map();
  const workflows = new Map<string, WorkflowTally>();
  for (const { id, messages } of facts.workflows) {
    const { steps } = getOrMake(workflows, id, newWorkflow);
    for (const { step, channel } of messages) steps.set(step, { channel, sent: 0, notSent: new Map() });
  }

  const addSent = ({ channel, at, isAfterExit }: MessageOutcome, timeZone: string) => {
    if (isAfterExit) totals.afterExit++;
    if (CHANNELS[channel].interrupts && isNight(at, timeZone)) totals.atNight++;
  };
  return {
    add({ timeZone, runs }) {
      const entered = new Set<string>();
      const times: number[] = [];
      let sent = 0;
      for (const run of runs) {
        const workflow = getOrMake(workflows, run.workflow, newWorkflow);
        addRun(workflow, run);
        if (isEntered(run)) entered.add(run.workflow);
        for (const message of run.messages) {
          addMessage(workflow, message);
          if (message.outcome === "failed") add(failed, reasonOf(message));
          if (message.reason === "over the cap") totals.overCap++;
          if (message.outcome !== "sent") continue;
          sent++;
          if (CHANNELS[message.channel].interrupts) times.push(message.at);
          addSent(message, timeZone);
        }
      }
      for (const id of entered) getOrMake(workflows, id, newWorkflow).people++;
      totals.people++;
      if (sent > 0) totals.reached++;
      if (hasMoreInAWeek(times, mostPerWeek)) totals.overWeek++;
    },
    measure: () => {
      const measured = [...workflows].map(([id, tally]) => workflowMeasure(id, tally));
      return {
        facts,
        ...totals,
        sent: merged(measured.map((workflow) => workflow.sent)),
        notSent: merged(measured.map((workflow) => workflow.notSent)),
        workflows: measured,
        failed: listed(failed),
        ignored: listed(Object.entries(facts.ignored)),
      };
    },
  };
}

export function isEntered({ status }: Pick<RunOutcome, "status">): boolean {
  return status !== "not started";
}

export function reasonOf({ reason }: Pick<MessageOutcome, "reason">): string {
  return reason ?? "no reason";
}

function newWorkflow(): WorkflowTally {
  return { people: 0, runs: 0, notStarted: 0, failed: 0, exits: new Map(), steps: new Map() };
}

function addRun(workflow: WorkflowTally, run: RunOutcome): void {
  if (isEntered(run)) workflow.runs++;
  else workflow.notStarted++;
  if (run.status === "failed" || run.status === "stuck") workflow.failed++;
  if (run.exit !== null) add(workflow.exits, run.exit);
}

function addMessage({ steps }: WorkflowTally, message: MessageOutcome): void {
  const { step, channel, outcome } = message;
  const tally = getOrMake(steps, step, () => ({ channel, sent: 0, notSent: new Map() }));
  if (outcome === "sent") tally.sent++;
  else add(tally.notSent, reasonOf(message));
}

function hasMoreInAWeek(times: number[], most: number): boolean {
  if (times.length <= most) return false;
  times.sort((one, other) => one - other);
  return times.some((at, index) => {
    const other = times[index + most];
    return other !== undefined && other - at < WEEK_MS;
  });
}

function workflowMeasure(id: string, { steps, exits, ...counts }: WorkflowTally): WorkflowMeasure {
  const measured = [...steps].map(([step, tally]) => ({ ...tally, step, notSent: listed(tally.notSent) }));
  return {
    id,
    ...counts,
    sent: merged(measured.map(({ channel, sent }) => [{ name: channel, count: sent }])),
    notSent: merged(measured.map(({ notSent }) => notSent)),
    exits: listed(exits),
    steps: measured,
  };
}

/** One list of the counts of several. */
function merged<Name extends string>(lists: Array<Array<Count<Name>>>): Array<Count<Name>> {
  const tally: Tally<Name> = new Map();
  for (const { name, count } of lists.flat()) add(tally, name, count);
  return listed(tally);
}
