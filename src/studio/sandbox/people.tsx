import type { SandboxPerson, SandboxSource } from "../../contracts/sandbox.ts";
import { SOURCES } from "../../contracts/sources.ts";
import { parseJson } from "../../lib/json.ts";
import { personPath } from "../page.ts";
import { sourceIn } from "../sandbox-sources.ts";
import { type Field, RowTable } from "../ui/fields.tsx";
import { Empty, olderLink, Panel, When } from "../ui/parts.tsx";
import { backTo, newestFirst, type SandboxAction, sandboxPage } from "./sandbox-page.ts";

interface People {
  people: SandboxPerson[];
  before: number | null;
}

/** The people at the local PostHog and Segment. */
export const peoplePage = sandboxPage<People>({
  path: "/people",
  async read({ sandbox, query }) {
    const { rows, before } = newestFirst(sandbox.people(), { before: query.before });
    return { people: rows, before };
  },

  view: ({ people, before }) => ({
    title: "People",
    lead: "The people at the local PostHog and Segment. Each message is decided by their properties at that moment.",
    content: (
      <Panel title="Newest first" footer={olderLink("Older people", "/studio/people", {}, before)}>
        <RowTable
          caption="People"
          fields={FIELDS}
          rows={people}
          keyOf={({ uuid }) => uuid}
          empty={
            <Empty icon="people" title="No person yet">
              <a href="/studio/fire">Fire an event</a>. The person of the event then appears here.
            </Empty>
          }
        />
      </Panel>
    ),
  }),
});

const FIELDS: Array<Field<SandboxPerson>> = [
  {
    name: "Person",
    of: ({ distinctIds: [first = "", ...others], source }) => (
      <>
        <a href={personPath(first, source)}>{first}</a>
        {others.length > 0 ? <span className="two">also {others.join(", ")}</span> : null}
      </>
    ),
  },
  { name: "Source", of: ({ source }) => SOURCES[source].label },
  {
    name: "Properties",
    kind: "long",
    of: ({ properties }) =>
      Object.entries(properties).map(([name, value]) => (
        <div key={name}>
          <span className="quiet">{name}</span> <code>{JSON.stringify(value)}</code>
        </div>
      )),
  },
  { name: "Since", of: ({ createdAt }) => <When at={createdAt} /> },
];

export const changePersonAction: SandboxAction = {
  path: "/people/change",
  async run({ person = "", name = "", value = "", remove, here, ...form }, sandbox) {
    const source = sourceIn(form);
    sandbox.setProperty(person, name, remove === "yes" ? undefined : valueTyped(value, source), source);
    return backTo(here);
  },
};

export const channelAction: SandboxAction = {
  path: "/people/channel",
  async run({ person = "", provider = "", connect, here }, sandbox) {
    sandbox.setChannel(person, provider, connect === "yes");
    return backTo(here);
  },
};

export const cohortAction: SandboxAction = {
  path: "/people/cohort",
  async run({ person = "", cohort, enter, here }, sandbox) {
    sandbox.setMember(person, Number(cohort), enter === "yes");
    return backTo(here);
  },
};

/** Text that is not JSON stays text. Lists and objects stay text at PostHog, as PostHog's page cannot write them. */
function valueTyped(typed: string, source: SandboxSource): unknown {
  const parsed = parseJson(typed);
  const isNested = typeof parsed === "object" && parsed !== null;
  return parsed === undefined || (source === "posthog" && isNested) ? typed : parsed;
}
