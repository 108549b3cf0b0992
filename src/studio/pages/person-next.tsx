import type { ReactElement } from "react";
import type { History, RunRecord } from "../../contracts/history.ts";
import { nameOf } from "../../explain/explanation.ts";
import { RUN_STATES } from "../../explain/words.ts";
import { durationInWords } from "../../lib/durations.ts";
import type { Facts, PersonReading, WorkflowFacts } from "../facts.ts";
import { nextInWords, nextMessage } from "../next-message.ts";
import { runPath, stepPath, useFrame } from "../page.ts";
import { Empty, Panel, Pill } from "../ui/parts.tsx";

export interface Next {
  /** The runs that have not ended, with the next message of each in a sentence. */
  runs: Array<{ runRef: string; workflow: string; step: string | null; sentence: string }>;
  /** The opt-outs that are known, here or at the source. */
  optOuts: string[];
  cap: Awaited<ReturnType<Facts["capOf"]>>;
}

/** Everything that is known about the next messages to a person. */
export function nextOf(
  history: History,
  {
    reading,
    workflows,
    cap,
    most,
  }: { reading: PersonReading; workflows: WorkflowFacts[]; cap: Next["cap"]; most: number },
): Next {
  const open = history.runs.filter(({ status }) => status in OPEN);
  return {
    runs: open
      .toReversed()
      .slice(0, most)
      .map((run) => ({ runRef: run.transactionId, workflow: run.workflow, ...nextOfRun(run, history, workflows) })),
    optOuts: optOutsOf(history, reading, workflows),
    cap,
  };
}

const OPEN: Partial<Record<RunRecord["status"], true>> = { pending: true, stuck: true, "in progress": true };

/** The next message of a run that has not ended. */
export function nextOfRun(
  run: RunRecord,
  { decisions }: Pick<History, "decisions">,
  workflows: WorkflowFacts[],
): { step: string | null; sentence: string } {
  if (run.status !== "in progress") return { step: null, sentence: RUN_STATES[run.status] };
  const workflow = workflows.find(({ id }) => id === run.workflow);
  if (workflow === undefined) return { step: null, sentence: "The workflow is no longer in the code." };
  const own = decisions.filter(({ transactionId }) => transactionId === run.transactionId);
  const next = nextMessage(run, own, workflow.steps);
  if (next === null) return { step: null, sentence: "No message is left." };
  const exits = workflow.listens.filter(({ does }) => does === "ends it").map(({ name }) => name);
  return { step: next.step, sentence: nextInWords(next, exits) };
}

/** The newest change of each topic counts. */
function optOutsOf({ optOuts }: History, reading: PersonReading, workflows: WorkflowFacts[]): string[] {
  const changes = new Map(optOuts.map((one) => [one.topic, one]));
  const here = [...changes.values()]
    .filter(({ isOut }) => isOut)
    .map(({ topic, cause }) => `${topic === "all" ? "all messages" : nameOf(topic, workflows)} (${cause})`);
  const there = reading.outcome === "found" ? (reading.properties.unsubscribed_from ?? []) : [];
  return [...here, ...there.map((topic) => `${topic} (unsubscribed_from of the person)`)];
}

export function NextPanel({ runs, optOuts, cap }: Next): ReactElement {
  const { workflows, messageOf } = useFrame();
  return (
    <Panel
      title="What comes next"
      footer={
        runs.length === 0 ? null : (
          <p className="quiet">When a message is due, its conditions, the opt-outs and the cap are checked.</p>
        )
      }
    >
      {runs.length === 0 ? (
        <Empty icon="clock" title="No run is in progress">
          The next message comes when an event starts a workflow for this person.
        </Empty>
      ) : (
        <ul className="lines">
          {runs.map(({ runRef, workflow, step, sentence }) => (
            <li key={runRef}>
              <a href={runPath(runRef)}>{nameOf(workflow, workflows)}</a>
              <span>{sentence}</span>
              {messageOf !== null && step !== null ? (
                <a href={stepPath(workflow, step, runRef)}>see how it would look now</a>
              ) : null}
            </li>
          ))}
        </ul>
      )}
      <div className="body">
        <p>
          <CapPill {...cap} /> {cap.sent} of at most {cap.most} messages in {durationInWords(cap.withinMs)}. In-app
          messages and messages without a topic do not count.
        </p>
        <p>
          {optOuts.length === 0 ? (
            "No opt-out is known."
          ) : (
            <>
              <Pill tone="warn">opted out</Pill> {optOuts.join(", ")}
            </>
          )}
        </p>
      </div>
    </Panel>
  );
}

function CapPill({ sent, most }: Next["cap"]): ReactElement {
  return sent < most ? <Pill tone="quiet">frequency cap</Pill> : <Pill tone="warn">frequency cap reached</Pill>;
}
