import type { SandboxPerson, SandboxSource } from "../../contracts/sandbox.ts";
import { parseJson } from "../../lib/json.ts";
import { backTo, cut, link, personPath, type SandboxAction, sandboxPage } from "../page.ts";
import { sourceIn } from "../sandbox-sources.ts";
import { Empty, Panel, Table, When } from "../ui/parts.tsx";
import { SOURCE_NAMES } from "../ui/source-name.ts";
import { idOf } from "./queue.tsx";

interface People {
  people: SandboxPerson[];
  before: number | null;
}

/** Whom the local PostHog and Segment know. */
export const peoplePage = sandboxPage<People>({
  path: "/people",
  async read({ sandbox, query: { before } }) {
    const end = idOf(before) ?? Number.POSITIVE_INFINITY;
    const numbered = sandbox.people().map((person, at) => ({ person, at }));
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

export const changePersonAction: SandboxAction = {
  path: "/people/change",
  async run({ person = "", name = "", value = "", remove, here, ...form }, sandbox) {
    const source = sourceIn(form);
    sandbox.setProperty(person, name, remove === "yes" ? undefined : valueTyped(value, source), source);
    return backTo(here);
  },
};

/** Text that is no JSON is kept as text. PostHog's own page writes no lists and no objects, and so keeps the text of those too. */
function valueTyped(typed: string, source: SandboxSource): unknown {
  const parsed = parseJson(typed);
  const isNested = typeof parsed === "object" && parsed !== null;
  return parsed === undefined || (source === "posthog" && isNested) ? typed : parsed;
}
