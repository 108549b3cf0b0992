import type { ReactElement } from "react";
import type { WorkflowOutcomes } from "../../contracts/history.ts";
import { durationInWords } from "../../lib/durations.ts";
import type { StepFacts, WorkflowFacts } from "../facts.ts";
import { hoursBefore } from "../next-message.ts";
import { link, page, stepPath, workflowPath } from "../page.ts";
import { peopleOf } from "../sandbox-sources.ts";
import { type Field, FieldList, RowTable, WorkflowLink } from "../ui/fields.tsx";
import { PersonInput, PostForm, Submit } from "../ui/forms.tsx";
import { channelName, Empty, Id, Notice, number, Panel, Pill, Tabs } from "../ui/parts.tsx";
import { type Compared, EventPills, EventProblems } from "./event-problems.tsx";
import { emptyResults, MessageResults, type Period, periodOf, periodTabs, sinceOf } from "./results.tsx";

/** The workflows in the code. */
export const workflowsPage = page<{ workflows: WorkflowFacts[]; compared: Compared }>({
  path: "/workflows",
  read: async ({ facts }) => ({ workflows: facts.workflows, compared: await facts.compare() }),

  view: ({ workflows, compared }) => ({
    title: "Workflows",
    lead: "The workflows in the code, as Novu discovers them.",
    content: (
      <>
        <Panel title={workflows.length === 1 ? "1 workflow" : `${workflows.length} workflows`}>
          <RowTable
            caption="Workflows"
            fields={columnsOf(compared)}
            rows={workflows}
            keyOf={({ id }) => id}
            empty={<NoWorkflow />}
          />
        </Panel>
        <EventProblems compared={compared} />
      </>
    ),
  }),
});

const columnsOf = (compared: Compared): Array<Field<WorkflowFacts>> => [
  {
    name: "Workflow",
    kind: "long",
    of: ({ id, description }) => (
      <>
        <WorkflowLink id={id} />
        <span className="two">{description}</span>
      </>
    ),
  },
  {
    name: "Events",
    of: ({ id, listens }) =>
      listens.map(({ event, name, does }) => (
        <div key={name}>
          <EventName event={event} name={name} /> <span className="quiet">{does}</span>{" "}
          <EventPills compared={compared} workflow={id} event={event} />
        </div>
      )),
  },
  { name: "Topic", of: ({ topic, category }) => topic ?? category },
  {
    name: "Channels",
    of: ({ steps }) => (
      <span className="stack">
        {channelsOf(steps).map((channel) => (
          <Pill key={channel} tone="quiet">
            {channelName(channel)}
          </Pill>
        ))}
      </span>
    ),
  },
];

function EventName({ event, name }: { event: string; name: string }): ReactElement {
  return event === name ? <code>{event}</code> : <span>{name}</span>;
}

function channelsOf(steps: WorkflowFacts["steps"]): string[] {
  return [...new Set(steps.flatMap(({ channel }) => channel ?? []))];
}

export function NoWorkflow(): ReactElement {
  return (
    <Empty icon="workflows" title="No workflow yet">
      Add a file to <code>src/workflows</code> and a line to its <code>index.ts</code>.
    </Empty>
  );
}

interface OneWorkflow {
  workflow: WorkflowFacts;
  period: Period;
  results: WorkflowOutcomes;
  isSilent: boolean;
  compared: Compared;
  /** In the sandbox: the people to choose from for a test; null in production. */
  people: string[] | null;
}

/** One workflow: its rules, its steps, and its results in a period. */
export const workflowPage = page<OneWorkflow>({
  path: "/workflows/:workflow",
  async read({ facts, sandbox, now, params, query }) {
    const workflow = facts.workflows.find(({ id }) => id === params.workflow);
    if (workflow === undefined) return null;
    const period = periodOf(query.period, { isSandbox: sandbox !== undefined });
    const all = await facts.runs.countOutcomes(sinceOf(period, now));
    const results = all.find((one) => one.workflow === workflow.id) ?? emptyResults(workflow.id);
    const isSilent = (await facts.silent()).includes(workflow.id);
    const people = sandbox === undefined ? null : peopleOf(sandbox);
    const compared = await facts.compare();
    return { workflow, period, results, isSilent, compared, people };
  },

  view: ({ workflow, period, results, isSilent, compared, people }) => ({
    title: workflow.name,
    lead: workflow.description,
    content: (
      <>
        {isSilent ? (
          <Notice tone="warn">
            People entered in the last 7 days, and no message was sent.{" "}
            <a href={link("/studio/runs", { workflow: workflow.id })}>See its runs</a>
          </Notice>
        ) : null}
        <Panel
          title={`Results, ${period.words}`}
          padded={true}
          actions={
            <Tabs
              label="Period"
              tabs={periodTabs(workflowPath(workflow.id), period.id, { isSandbox: people !== null })}
            />
          }
          footer={<a href={link("/studio/runs", { workflow: workflow.id })}>See its runs</a>}
        >
          <FieldList fields={RESULTS} row={results} />
          <div>
            <MessageResults {...results} />
          </div>
        </Panel>
        <Panel title="Rules" padded={true}>
          <FieldList fields={rulesOf(workflow)} row={workflow} />
        </Panel>
        <EventProblems compared={compared} workflow={workflow.id} />
        <StepsPanel workflow={workflow} hasPages={people !== null} />
        {people === null ? null : <TestPanel workflow={workflow.id} people={people} />}
      </>
    ),
  }),
});

const RESULTS: Array<Field<WorkflowOutcomes>> = [
  { name: "Entered", of: ({ entered }) => number(entered) },
  { name: "In progress", of: ({ waiting }) => number(waiting) },
  { name: "Exited", of: ({ converted }) => number(converted) },
  { name: "Failed", of: ({ lost }) => number(lost) },
];

function rulesOf({ listens }: WorkflowFacts): Array<Field<WorkflowFacts>> {
  return [
    { name: "Id", of: ({ id }) => <Id>{id}</Id> },
    { name: "Category", of: ({ category, topic }) => (topic === null ? category : `${category}, topic “${topic}”`) },
    {
      name: "Events",
      of: () =>
        listens.map(({ event, name, does }) => (
          <div key={name}>
            <EventName event={event} name={name} /> {does}
          </div>
        )),
    },
    { name: "Tags", of: ({ tags }) => tags.join(", ") },
  ];
}

function StepsPanel({
  workflow: { id, steps },
  hasPages,
}: {
  workflow: WorkflowFacts;
  hasPages: boolean;
}): ReactElement {
  // A long wait has several delay steps, which follow each other.
  const shown = steps.filter(({ wait }, index) => wait === null || steps[index - 1]?.wait !== wait);
  return (
    <Panel title="Steps, as Novu discovers them">
      <ol className="steps">
        {shown.map(({ step, type, channel, wait }) => (
          <li key={step}>
            {hasPages && channel !== null ? <a href={stepPath(id, step)}>{step}</a> : <Id>{step}</Id>}
            <Pill tone={channel === null ? "quiet" : "info"}>
              {wait === null ? channelName(type) : waitInWords(wait, steps)}
            </Pill>
          </li>
        ))}
      </ol>
    </Panel>
  );
}

function waitInWords(wait: string, steps: StepFacts[]): string {
  if (steps.some(({ step }) => wait === hoursBefore(step))) return "waits for the sending hours";
  const lengths = steps.filter((step) => step.wait === wait).map(({ waitMs }) => waitMs);
  const ms = lengths.reduce((sum, one) => (sum === null || one === null ? null : sum + one), 0);
  return ms === null ? "waits, as the code says" : `waits ${durationInWords(ms)}`;
}

function TestPanel({ workflow, people }: { workflow: string; people: string[] }): ReactElement {
  return (
    <Panel title="Send a test" padded={true}>
      <p className="quiet">
        Starts the workflow at the local Novu by hand. It runs all steps with their delays, and is not recorded as a
        run.
      </p>
      <PostForm action="/studio/workflows/test" className="bar" fields={{ workflow }}>
        <PersonInput people={people} value={people[0]} />
        <Submit icon="fire">Send</Submit>
      </PostForm>
    </Panel>
  );
}
