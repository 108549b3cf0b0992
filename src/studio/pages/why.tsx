import type { ReactElement } from "react";
import { explain } from "../../explain/explain.ts";
import { type Chain, nameOf } from "../../explain/explanation.ts";
import { link, page, personPath, useFrame } from "../page.ts";
import { Select, Submit } from "../ui/forms.tsx";
import { Empty, number, Panel } from "../ui/parts.tsx";
import { Axis, Timeline } from "../ui/timeline.tsx";

/** The page shows only the last entries. The API has all entries. */
const MOST_LINKS = 150;

/** Why a person got, or did not get, a message. */
export const whyPage = page<{ chain: Chain | null }>({
  path: "/why",
  async read({ facts, query }) {
    const person = query.person?.trim() ?? "";
    if (person === "") return { chain: null };
    const workflow = query.workflow || undefined;
    const history = await facts.runs.history({ distinctId: person, workflow });
    return { chain: explain(history, { person, workflow, workflows: facts.workflows }) };
  },

  view: ({ chain }) => ({
    title: "Why?",
    lead: "Why a person got, or did not get, a message: all events, runs and decisions in order.",
    content: (
      <>
        <Search />
        {chain === null ? (
          <section className="panel" aria-label="No person yet">
            <Empty icon="why" title="Enter a person">
              Enter the distinct id as PostHog has it, or the userId of Segment, and select a workflow. The same answer
              on the command line: <code>npm run why -- --person ada</code>
            </Empty>
          </section>
        ) : (
          <AnswerPanel chain={chain} />
        )}
      </>
    ),
  }),
});

function Search(): ReactElement {
  const { query, workflows } = useFrame();
  return (
    <search>
      <form className="bar" action="/studio/why">
        <label className="field wide">
          Person (distinct id)
          <input
            name="person"
            defaultValue={query.person ?? ""}
            required={true}
            autoComplete="off"
            spellCheck={false}
          />
        </label>
        <Select name="workflow" label="Workflow" value={query.workflow ?? ""} options={workflows} />
        <Submit icon="why" look="first">
          Explain
        </Submit>
      </form>
    </search>
  );
}

function AnswerPanel({ chain }: { chain: Chain }): ReactElement {
  const { workflows } = useFrame();
  const links = chain.links.slice(-MOST_LINKS);
  const earlier = chain.links.length - links.length;
  return (
    <Panel
      title={
        chain.workflow === null ? "The answer for all workflows" : `The answer for ${nameOf(chain.workflow, workflows)}`
      }
      actions={
        chain.isKnown ? (
          <span className="acts">
            <a href={personPath(chain.personRef)}>{chain.person}</a>
            <a href={link("/studio/runs", { q: chain.personRef })}>All runs of this person</a>
          </span>
        ) : undefined
      }
    >
      <div className="body">
        <p className="answer">{chain.answer}</p>
      </div>
      {earlier > 0 ? (
        <div className="body">
          <p className="quiet">
            The last {MOST_LINKS} entries are shown; {number(earlier)} earlier ones are not. Select a workflow, or{" "}
            <a href={link("/studio/runs", { q: chain.personRef })}>open each run</a>.
          </p>
        </div>
      ) : null}
      {links.length > 0 ? (
        <>
          <Axis links={links} />
          <Timeline links={links} showsRun={true} />
        </>
      ) : null}
    </Panel>
  );
}
