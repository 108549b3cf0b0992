import type { LabMessage, LabPerson, LabSource } from "../../contracts/lab.ts";
import { parseJson } from "../../lib/json.ts";
import { sourceIn } from "../lab-sources.ts";
import { backTo, cut, type LabAction, labPage, link, personPath } from "../page.ts";
import { Empty, Hidden, Id, Panel, Table, When } from "../ui/parts.tsx";
import { SOURCE_NAMES } from "../ui/source-name.ts";
import { MessageTable } from "./messages.tsx";
import { idOf } from "./queue.tsx";
import { type ListedRun, listed, RunTable } from "./run-table.tsx";

const MOST_SHOWN = 10;
const VALUE: Record<LabSource, string> = {
  posthog: "Value: text, a number, true, false or null",
  segment: "Value, as JSON or text",
};

interface People {
  people: LabPerson[];
  before: number | null;
}

/** Whom the local PostHog and Segment know. */
export const peoplePage = labPage<People>({
  path: "/people",
  async read({ lab, query: { before } }) {
    const end = idOf(before) ?? Number.POSITIVE_INFINITY;
    const numbered = lab.people().map((person, at) => ({ person, at }));
    const { rows, last } = cut(numbered.filter(({ at }) => at < end).reverse());
    return { people: rows.map(({ person }) => person), before: last?.at ?? null };
  },

  view: ({ people, before }, { now }) => ({
    title: "People",
    lead: "Whom the local PostHog and Segment know. A message is decided by what stands here at that moment.",
    content: (
      <Panel
        title="Newest first"
        footer={before === null ? undefined : <a href={link("/studio/people", { before })}>Older people</a>}
      >
        {people.length === 0 ? (
          <Empty icon="people" title="Nobody yet">
            <a href="/studio/fire">Fire an event</a>: whoever does something is a person from then on.
          </Empty>
        ) : (
          <Table caption="People" columns={["Person", "Source", "Properties", "Since"]}>
            {people.map(({ uuid, source, distinctIds, properties, createdAt }) => (
              <tr key={uuid}>
                <th scope="row">
                  <a href={personPath(distinctIds[0] ?? "", source)}>{distinctIds[0]}</a>
                  {distinctIds.length > 1 ? <span className="two">also {distinctIds.slice(1).join(", ")}</span> : null}
                </th>
                <td>{SOURCE_NAMES[source]}</td>
                <td className="long">
                  {Object.entries(properties).map(([name, value]) => (
                    <div key={name}>
                      <span className="quiet">{name}</span> <code>{JSON.stringify(value)}</code>
                    </div>
                  ))}
                </td>
                <td>
                  <When at={createdAt} now={now} />
                </td>
              </tr>
            ))}
          </Table>
        )}
      </Panel>
    ),
  }),
});

interface OnePerson {
  person: LabPerson;
  /** By which they were asked for. */
  distinctId: string;
  runs: ListedRun[];
  messages: LabMessage[];
}

/** One of them, to change while a run waits. */
export const personPage = labPage<OnePerson>({
  path: "/people/:person",
  async read({ facts, lab, params: { person: distinctId = "" }, query }) {
    const known = lab.people().filter(({ distinctIds }) => distinctIds.includes(distinctId));
    const person = query.source === undefined ? known[0] : known.find(({ source }) => source === query.source);
    if (person === undefined) return null;
    const runs = await facts.listRuns({
      limit: MOST_SHOWN,
      about: { distinctId, transactionIds: [], eventUuid: "" },
    });
    const decisions = await facts.decisionsOf(runs.map(({ transactionId }) => transactionId));
    const messages = lab.messages().filter(({ subscriberId }) => subscriberId === distinctId);
    return { person, distinctId, runs: listed(runs, decisions), messages: messages.slice(-MOST_SHOWN).reverse() };
  },

  view({ person: { source, distinctIds, properties }, distinctId, runs, messages }, { now, token, here }) {
    return {
      title: distinctId,
      lead: distinctIds.length > 1 ? `Also known as ${distinctIds.filter((id) => id !== distinctId).join(", ")}` : "",
      content: (
        <>
          <Panel
            title={`What ${SOURCE_NAMES[source]} knows`}
            aside={
              <span className="acts">
                <a href={link("/studio/why", { person: distinctId })}>Why?</a>
                <a href={link("/studio/fire", { person: distinctId })}>Fire an event</a>
              </span>
            }
          >
            <Table caption="Properties" columns={["Property", VALUE[source]]}>
              {Object.entries(properties).map(([name, value]) => (
                <tr key={name}>
                  <th scope="row">
                    <Id>{name}</Id>
                  </th>
                  <td className="long">
                    <form method="post" action="/studio/people/change" className="row-form">
                      <Hidden fields={{ token, here, person: distinctId, source, name }} />
                      <input
                        name="value"
                        aria-label={`Value of ${name}`}
                        defaultValue={JSON.stringify(value)}
                        autoComplete="off"
                        spellCheck={false}
                      />
                      <button type="submit" className="button small">
                        Set
                      </button>
                      <button type="submit" name="remove" value="yes" className="button small">
                        Remove
                      </button>
                    </form>
                  </td>
                </tr>
              ))}
            </Table>
            <div className="body">
              <form method="post" action="/studio/people/change" className="bar">
                <Hidden fields={{ token, here, person: distinctId, source }} />
                <label className="field">
                  Another property
                  <input name="name" required={true} autoComplete="off" spellCheck={false} />
                </label>
                <label className="field">
                  {VALUE[source]}
                  <input name="value" autoComplete="off" spellCheck={false} />
                </label>
                <button type="submit" className="button">
                  Add
                </button>
              </form>
            </div>
          </Panel>
          <Panel title="Newest runs" aside={<a href={link("/studio/runs", { q: distinctId })}>All runs</a>}>
            {runs.length === 0 ? (
              <Empty icon="runs" title="No run">
                Nothing has started for them.
              </Empty>
            ) : (
              <RunTable runs={runs} now={now} />
            )}
          </Panel>
          <Panel
            title="Newest messages"
            aside={<a href={link("/studio/messages", { person: distinctId })}>All messages</a>}
          >
            {messages.length === 0 ? (
              <Empty icon="messages" title="No message">
                Nothing was sent to them.
              </Empty>
            ) : (
              <MessageTable messages={messages} now={now} />
            )}
          </Panel>
        </>
      ),
    };
  },
});

export const changePersonAction: LabAction = {
  path: "/people/change",
  async run({ person = "", name = "", value = "", remove, here, ...form }, lab) {
    const source = sourceIn(form);
    lab.setProperty(person, name, remove === "yes" ? undefined : valueTyped(value, source), source);
    return backTo(here);
  },
};

/** Text that is no JSON is kept as text. PostHog's own page writes no lists and no objects, and so keeps the text of those too. */
function valueTyped(typed: string, source: LabSource): unknown {
  const parsed = parseJson(typed);
  const isNested = typeof parsed === "object" && parsed !== null;
  return parsed === undefined || (source === "posthog" && isNested) ? typed : parsed;
}
