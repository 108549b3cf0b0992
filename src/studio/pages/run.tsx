import type { EventRecord, RunRecord } from "../../contracts/history.ts";
import type { SandboxSource, SandboxStep } from "../../contracts/sandbox.ts";
import { explain } from "../../explain/explain.ts";
import { type Chain, inOrder } from "../../explain/explanation.ts";
import { novuLinks } from "../novu-links.ts";
import { link, page, personPath } from "../page.ts";
import { exact, Id, Panel, Pill, type Tone, When } from "../ui/parts.tsx";
import { SOURCE_NAMES } from "../ui/source-name.ts";
import { Axis, Timeline } from "../ui/timeline.tsx";
import { Status } from "./run-table.tsx";

interface RunStory {
  run: RunRecord;
  personRef: string;
  /** What started it, and what ended it. */
  events: EventRecord[];
  chain: Chain;
  /** In the sandbox: its steps as the local Novu has them. */
  jobs: SandboxStep[];
}

const JOB_TONE: Record<string, Tone> = { completed: "good", delayed: "info", running: "info", failed: "bad" };

/** All that happened in one run, on a time axis. */
export const runPage = page<RunStory>({
  path: "/runs/:run",
  async read({ facts, sandbox, params }) {
    const history = await facts.history({ transactionId: params.run ?? "" });
    const [run] = history.runs;
    if (run === undefined) return null;
    const { distinctId: person, workflow } = run;
    const jobs = sandbox?.stepsOfRun(run.transactionId) ?? [];
    const chain = explain(history, { person, workflow, workflows: facts.workflows });
    const links = [...chain.links, ...novuLinks(jobs, run)].sort(inOrder);
    return { run, personRef: person, events: history.events, chain: { ...chain, links }, jobs };
  },

  view({ run, personRef, events, chain, jobs }, { now }) {
    return {
      title: run.workflow,
      lead: chain.answer,
      content: (
        <>
          <Panel
            title="The run"
            aside={
              <a href={link("/studio/why", { person: personRef, workflow: run.workflow })}>
                Everything about this person here
              </a>
            }
          >
            <div className="body">
              <dl className="facts">
                <Fact name="State">
                  <Status status={run.status} />
                </Fact>
                <Fact name="Person">
                  <a href={personPath(personRef, sourceOf(run, events))}>
                    <Id>{run.distinctId}</Id>
                  </a>
                </Fact>
                <Fact name="Happened">
                  <When at={run.occurredAt} now={now} />
                </Fact>
                <Fact name="Novu took it on">
                  <When at={run.enteredAt} now={now} />
                </Fact>
                <Fact name="Ended">
                  <When at={run.endedAt} now={now} />
                </Fact>
                <Fact name="Transaction id">
                  <Id>{run.transactionId}</Id>
                </Fact>
              </dl>
            </div>
          </Panel>
          <Panel title="What happened">
            <Axis links={chain.links} now={now} />
            <Timeline links={chain.links} />
          </Panel>
          {jobs.length > 0 ? (
            <Panel title="Its steps at Novu">
              <ol className="steps">
                {jobs.map(({ id, stepId, status, wakesAt, error }) => (
                  <li key={id}>
                    <span>
                      <Id>{stepId}</Id>
                      {status === "delayed" && wakesAt !== null ? (
                        <span className="two">wakes {exact(wakesAt)}</span>
                      ) : error === null ? null : (
                        <span className="two">{error}</span>
                      )}
                    </span>
                    <Pill tone={JOB_TONE[status] ?? "quiet"}>{status}</Pill>
                  </li>
                ))}
              </ol>
            </Panel>
          ) : null}
          {events.map((event) => (
            <Panel
              key={event.uuid}
              title={`The event ${event.name}, from ${SOURCE_NAMES[event.source]}`}
              aside={<Id>{event.uuid}</Id>}
            >
              <div className="body">
                <pre>{JSON.stringify(event.properties, null, 2)}</pre>
              </div>
            </Panel>
          ))}
        </>
      ),
    };
  },
});

/** The source of its event, where its person is read; nobody is read at the sweep. */
function sourceOf({ eventUuid }: RunRecord, events: EventRecord[]): SandboxSource | undefined {
  const source = events.find(({ uuid }) => uuid === eventUuid)?.source;
  return source === "sweep" ? undefined : source;
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
