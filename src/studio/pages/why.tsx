import { explain } from "../../explain/explain.ts";
import type { Chain } from "../../explain/explanation.ts";
import { link, page, personPath } from "../page.ts";
import { Icon } from "../ui/icons.tsx";
import { Empty, number, Panel } from "../ui/parts.tsx";
import { Axis, Timeline } from "../ui/timeline.tsx";

/** More nobody reads at once; the API has them all. */
const MOST_LINKS = 150;

interface Why {
  workflows: string[];
  chain: Chain | null;
}

/** Why somebody did, or did not, get it. */
export const whyPage = page<Why>({
  path: "/why",
  async read({ facts, query }) {
    const workflows = facts.workflows.map(({ id }) => id);
    const person = query.person?.trim() ?? "";
    if (person === "") return { workflows, chain: null };
    const workflow = query.workflow || undefined;
    const history = await facts.history({ distinctId: person, workflow });
    return { workflows, chain: explain(history, { person, workflow, workflows: facts.workflows }) };
  },

  view({ workflows, chain }, { now, query }) {
    const links = chain?.links.slice(-MOST_LINKS) ?? [];
    const earlier = (chain?.links.length ?? 0) - links.length;
    return {
      title: "Why?",
      lead: "Why somebody did, or did not, get a message: everything that decided it, in order.",
      content: (
        <>
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
              <label className="field">
                Workflow
                <select name="workflow" defaultValue={query.workflow ?? ""}>
                  <option value="">all</option>
                  {workflows.map((id) => (
                    <option key={id} value={id}>
                      {id}
                    </option>
                  ))}
                </select>
              </label>
              <button type="submit" className="button first">
                <Icon name="why" />
                Explain
              </button>
            </form>
          </search>
          {chain === null ? (
            <section className="panel" aria-label="No person yet">
              <Empty icon="why" title="Whom is it about?">
                Type a distinct id, as PostHog has it, or Segment&rsquo;s userId, and choose a workflow. The same is on
                the command line: <code>npm run why -- --person ada</code>
              </Empty>
            </section>
          ) : (
            <Panel
              title={chain.workflow === null ? "The answer, over all workflows" : `The answer for ${chain.workflow}`}
              aside={
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
                    These are the last {MOST_LINKS}; {number(earlier)} came before. Choose a workflow, or{" "}
                    <a href={link("/studio/runs", { q: chain.personRef })}>see each run by itself</a>.
                  </p>
                </div>
              ) : null}
              {links.length > 0 ? (
                <>
                  <Axis links={links} now={now} />
                  <Timeline links={links} showsRun={true} />
                </>
              ) : null}
            </Panel>
          )}
        </>
      ),
    };
  },
});
