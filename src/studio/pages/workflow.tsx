import type { WorkflowOutcomes } from "../../contracts/history.ts";
import type { WorkflowFacts } from "../facts.ts";
import { link, page, stepPath } from "../page.ts";
import { periodOf, periodTabs } from "../periods.ts";
import { everybody } from "../sandbox-sources.ts";
import { Icon } from "../ui/icons.tsx";
import { Hidden, Id, Notice, number, Panel, Pill, Tabs } from "../ui/parts.tsx";
import { Messages } from "./outcomes.tsx";
import { nothingOf } from "./workflows.tsx";

interface OneWorkflow {
  workflow: WorkflowFacts;
  period: { id: string; name: string };
  outcomes: WorkflowOutcomes;
  isSilent: boolean;
  /** In the sandbox: for whom it may be tried. */
  people: string[] | null;
}

/** One workflow: what it is, its steps, and what became of it in a period. */
export const workflowPage = page<OneWorkflow>({
  path: "/workflows/:workflow",
  async read({ facts, sandbox, now, params, query }) {
    const workflow = facts.workflows.find(({ id }) => id === params.workflow);
    if (workflow === undefined) return null;
    const { id, name, ms } = periodOf(query.period);
    const all = await facts.countOutcomes(now - ms);
    const outcomes = all.find((one) => one.workflow === workflow.id) ?? nothingOf(workflow.id);
    const isSilent = (await facts.silent()).includes(workflow.id);
    const people = sandbox === undefined ? null : everybody(sandbox);
    return { workflow, period: { id, name }, outcomes, isSilent, people };
  },

  view({ workflow, period, outcomes, isSilent, people }, { token, here }) {
    const { id, name, description, category, topic, listens, steps, tags } = workflow;
    const path = `/studio/workflows/${encodeURIComponent(id)}`;
    return {
      title: name,
      lead: description,
      content: (
        <>
          {isSilent ? (
            <Notice tone="warn">
              People entered in the last 7 days, and nothing was sent.{" "}
              <a href={link("/studio/runs", { workflow: id })}>See its runs</a>
            </Notice>
          ) : null}
          <Panel
            title="What became of it"
            aside={<Tabs label="Period" tabs={periodTabs(path, period.id)} />}
            footer={<a href={link("/studio/runs", { workflow: id })}>Its runs</a>}
          >
            <div className="body">
              <dl className="facts">
                {(
                  [
                    ["Entered", outcomes.entered],
                    ["Still in progress", outcomes.waiting],
                    ["Converted", outcomes.converted],
                    ["Lost at Novu", outcomes.lost],
                  ] as const
                ).map(([label, count]) => (
                  <div key={label}>
                    <dt>{label}</dt>
                    <dd>{number(count)}</dd>
                  </div>
                ))}
              </dl>
              <div>
                <Messages {...outcomes} />
              </div>
            </div>
          </Panel>
          <Panel title="Rules">
            <div className="body">
              <dl className="facts">
                <div>
                  <dt>Id</dt>
                  <dd>
                    <Id>{id}</Id>
                  </dd>
                </div>
                <div>
                  <dt>Category</dt>
                  <dd>{topic === null ? category : `${category}, topic “${topic}”`}</dd>
                </div>
                {listens.map(({ event, does }) => (
                  <div key={event}>
                    <dt>{does}</dt>
                    <dd>
                      <code>{event}</code>
                    </dd>
                  </div>
                ))}
                <div>
                  <dt>Tags</dt>
                  <dd>{tags.join(", ")}</dd>
                </div>
              </dl>
            </div>
          </Panel>
          <Panel title="Steps, as Novu discovers them">
            <ol className="steps">
              {steps.map(({ step, type, channel }) => (
                <li key={step}>
                  {people === null || channel === null ? <Id>{step}</Id> : <a href={stepPath(id, step)}>{step}</a>}
                  <Pill tone={channel === null ? "quiet" : "info"}>{type === "in_app" ? "in-app" : type}</Pill>
                </li>
              ))}
            </ol>
          </Panel>
          {people === null ? null : (
            <Panel title="Send a test">
              <div className="body">
                <p className="quiet">
                  Started at Novu by hand: it goes through all steps and their waits, and nothing of it is recorded.
                </p>
                <form method="post" action="/studio/workflows/test" className="bar">
                  <Hidden fields={{ token, here, workflow: id }} />
                  <label className="field">
                    Person (distinct id)
                    <input name="person" list="people" defaultValue={people[0]} required={true} autoComplete="off" />
                  </label>
                  <datalist id="people">
                    {people.map((one) => (
                      <option key={one} value={one} />
                    ))}
                  </datalist>
                  <button type="submit" className="button">
                    <Icon name="fire" />
                    Send
                  </button>
                </form>
              </div>
            </Panel>
          )}
        </>
      ),
    };
  },
});
