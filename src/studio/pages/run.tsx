import type { ReactElement } from "react";
import { isChannel } from "../../contracts/channel.ts";
import type { EventRecord, RunRecord } from "../../contracts/history.ts";
import type { SandboxSource, SandboxStep } from "../../contracts/sandbox.ts";
import { isPersonSource, SOURCES } from "../../contracts/sources.ts";
import { explain } from "../../explain/explain.ts";
import { type Chain, inOrder, nameOf } from "../../explain/explanation.ts";
import { link, messagePath, page, stepPath, useFrame } from "../page.ts";
import { FieldList } from "../ui/fields.tsx";
import { exact, Id, Notice, Panel, Pill, type Tone } from "../ui/parts.tsx";
import { Axis, isSent, Timeline } from "../ui/timeline.tsx";
import { asOneStep, novuLinks, waitsIn } from "./novu-links.ts";
import { nextOfRun } from "./person-next.tsx";
import { RUN_FIELDS, type RunRow } from "./run-table.tsx";

interface OneRun {
  run: RunRow;
  personRef: string;
  /** The events that started and ended the run. */
  events: EventRecord[];
  chain: Chain;
  /** The next message in a sentence; null for a run that has ended. */
  next: string | null;
  /** In the sandbox: the steps of the run as the local Novu has them, each wait as one step. */
  jobs: SandboxStep[];
  /** In the sandbox: the errors of the fork's code, with the file and the line. */
  errors: Array<{ step: string; error: string }>;
}

/** Everything that happened in one run, on a time axis. */
export const runPage = page<OneRun>({
  path: "/runs/:run",
  async read({ facts, sandbox, params }) {
    const history = await facts.runs.history({ transactionId: params.run ?? "" });
    const [run] = history.runs;
    if (run === undefined) return null;
    const { distinctId: person, workflow, transactionId } = run;
    const jobs = sandbox?.stepsOfRun(transactionId) ?? [];
    const chain = explain(history, { person, workflow, workflows: facts.workflows });
    const { steps = [] } = facts.workflows.find(({ id }) => id === workflow) ?? {};
    const links = [...chain.links, ...novuLinks(jobs, run, steps)].sort(inOrder);
    const source = sourceOf(run, history.events);
    const errors = jobs.flatMap(({ stepId: step }) => {
      const error = sandbox?.errorOf(transactionId, step) ?? null;
      return error === null ? [] : [{ step, error }];
    });
    return {
      run: { ...run, runRef: transactionId, personRef: person, source },
      personRef: person,
      events: history.events,
      chain: { ...chain, links },
      next: run.endedAt === null ? nextOfRun(run, history, facts.workflows).sentence : null,
      jobs: waitsIn(jobs, steps).flatMap(asOneStep),
      errors,
    };
  },

  view: ({ run, personRef, events, chain, next, jobs, errors }, frame) => ({
    title: `${nameOf(run.workflow, frame.workflows)}, for ${run.distinctId}`,
    lead: chain.answer,
    content: (
      <>
        {errors.map(({ step, error }) => (
          <Notice key={step} tone="bad">
            The code of {step} failed: {error}.
          </Notice>
        ))}
        <Panel
          title="The run"
          padded={true}
          actions={
            <a href={link("/studio/why", { person: personRef, workflow: run.workflow })}>
              All runs of this workflow for this person
            </a>
          }
        >
          <FieldList fields={RUN_FIELDS} row={run} />
          {next === null ? null : (
            <p>
              <strong>Next:</strong> {next}
            </p>
          )}
        </Panel>
        <Panel
          title="What happened"
          footer={frame.messageOf === null && chain.links.some(isSent) ? <NoContent /> : null}
        >
          <Axis links={chain.links} />
          <Timeline links={chain.links} />
        </Panel>
        {jobs.length > 0 ? <StepsPanel run={run} steps={jobs} /> : null}
        {events.map((event) => (
          <Panel
            padded={true}
            key={event.uuid}
            title={`The event ${event.name}, from ${SOURCES[event.source].label}`}
            actions={<Id>{event.uuid}</Id>}
          >
            <pre>{JSON.stringify(event.properties, null, 2)}</pre>
          </Panel>
        ))}
      </>
    ),
  }),
});

/** In production: the place where the content of the messages is. */
function NoContent(): ReactElement {
  return (
    <p className="quiet">
      This app does not store the content of a message. In Novu, find the run in the Activity Feed by its transaction
      id.
    </p>
  );
}

const STEP_TONES: Record<string, Tone> = { completed: "good", delayed: "info", running: "info", failed: "bad" };

function StepsPanel({ run, steps }: { run: Pick<RunRow, "runRef" | "workflow">; steps: SandboxStep[] }): ReactElement {
  const { messageOf } = useFrame();
  const pathOf = (step: string) => {
    const message = messageOf?.(run.runRef, step) ?? null;
    return message === null ? stepPath(run.workflow, step, run.runRef) : messagePath(message.id);
  };
  return (
    <Panel title="Its steps at Novu">
      <ol className="steps">
        {steps.map(({ id, stepId, type, status, wakesAt, error }) => (
          <li key={id}>
            <span>
              {isChannel(type) ? <a href={pathOf(stepId)}>{stepId}</a> : <Id>{stepId}</Id>}
              {status === "delayed" && wakesAt !== null ? (
                <span className="two">continues {exact(wakesAt)}</span>
              ) : error === null ? null : (
                <span className="two">{error}</span>
              )}
            </span>
            <Pill tone={STEP_TONES[status] ?? "quiet"}>{status}</Pill>
          </li>
        ))}
      </ol>
    </Panel>
  );
}

/** The source of the run's event; undefined for the daily sweep, at which no person can be read. */
function sourceOf({ eventUuid }: RunRecord, events: EventRecord[]): SandboxSource | undefined {
  const source = events.find(({ uuid }) => uuid === eventUuid)?.source;
  return source !== undefined && isPersonSource(source) ? source : undefined;
}
