import type { ReactElement } from "react";
import type { Source } from "../../contracts/event.ts";
import type { SandboxMessage, SandboxPerson, SandboxSource } from "../../contracts/sandbox.ts";
import { explain } from "../../explain/explain.ts";
import type { ChainLink } from "../../explain/explanation.ts";
import type { PersonReading } from "../facts.ts";
import { type Frame, link, page, personPath } from "../page.ts";
import { type RawProperty, rawOf, sourceNamed } from "../sandbox-sources.ts";
import { Empty, Hidden, Id, Panel, Table } from "../ui/parts.tsx";
import { SOURCE_NAMES } from "../ui/source-name.ts";
import { Timeline } from "../ui/timeline.tsx";
import { MessageTable } from "./messages.tsx";
import { ReadPanel } from "./person-read.tsx";
import { type ListedRun, listed, RunTable } from "./run-table.tsx";

const MOST_SHOWN = 10;
const VALUE: Record<SandboxSource, string> = {
  posthog: "Value: text, a number, true, false or null",
  segment: "Value, as JSON or text",
};

interface OnePerson {
  /** By which they were asked for. */
  distinctId: string;
  personRef: string;
  /** As a step reads them in a run that `source` told of. */
  reading: PersonReading;
  source: Source;
  /** ISO 8601 */
  readAt: string;
  /** Another that has told of them; null when there is none. */
  otherSource: SandboxSource | null;
  runs: ListedRun[];
  decisions: ChainLink[];
  /** In the sandbox, as their source has them. */
  person: SandboxPerson | null;
  raw: Record<string, RawProperty> | null;
  messages: SandboxMessage[];
}

/** Somebody as the workflows see them. In the sandbox they can be changed while a run waits. */
export const personPage = page<OnePerson>({
  path: "/people/:person",
  async read({ facts, sandbox, now, params: { person: distinctId = "" }, query }) {
    const history = await facts.history({ distinctId });
    const toldBy = new Map(history.events.map((event) => [event.uuid, event.source]));
    const newestFirst = history.runs.toReversed();
    const known = sandbox?.people().filter(({ distinctIds }) => distinctIds.includes(distinctId)) ?? [];
    const asked = sourceNamed(query);
    const run = newestFirst.find(({ eventUuid }) => asked === undefined || toldBy.get(eventUuid) === asked);
    const source = asked ?? toldBy.get(run?.eventUuid ?? "") ?? known[0]?.source ?? "posthog";
    const person = known.find((one) => one.source === source) ?? (asked === undefined ? known[0] : undefined) ?? null;

    const occurredAt = run?.occurredAt ?? new Date(now).toISOString();
    const { reading, readAt } = await facts.readPerson({ distinctId, source, occurredAt });
    const chain = explain(history, { person: distinctId, workflows: facts.workflows });
    if (reading.outcome === "not found" && person === null && !chain.isKnown) return null;

    const readFrom = reading.outcome === "unavailable" ? source : reading.source;
    const knownThere = known.find((one) => one.source === readFrom);
    const tell = new Set([...toldBy.values(), ...known.map((one) => one.source)]);
    return {
      distinctId,
      personRef: distinctId,
      reading,
      source,
      readAt,
      otherSource: SANDBOX_SOURCES.find((one) => tell.has(one) && one !== source && one !== readFrom) ?? null,
      runs: listed(newestFirst.slice(0, MOST_SHOWN), history.decisions),
      decisions: chain.links.filter(({ kind }) => kind === "decision").slice(-MOST_SHOWN),
      person,
      raw: knownThere === undefined ? null : rawOf(knownThere),
      messages: (sandbox?.messages() ?? [])
        .filter(({ subscriberId }) => subscriberId === distinctId)
        .slice(-MOST_SHOWN)
        .reverse(),
    };
  },

  view(model, frame) {
    const { distinctId, personRef, otherSource, runs, decisions, person, messages } = model;
    const others = person?.distinctIds.filter((id) => id !== distinctId) ?? [];
    return {
      title: distinctId,
      ...(others.length > 0 && { lead: `Also known as ${others.join(", ")}` }),
      content: (
        <>
          <ReadPanel
            {...model}
            footer={
              otherSource === null ? null : (
                <a href={personPath(personRef, otherSource)}>
                  The same for runs that {SOURCE_NAMES[otherSource]} told of
                </a>
              )
            }
          />
          {person === null ? null : <KnownPanel person={person} distinctId={distinctId} frame={frame} />}
          <Panel title="Newest runs" aside={<a href={link("/studio/runs", { q: personRef })}>All runs</a>}>
            {runs.length === 0 ? (
              <Empty icon="runs" title="No run">
                Nothing has started for them.
              </Empty>
            ) : (
              <RunTable runs={runs} now={frame.now} showsPerson={false} />
            )}
          </Panel>
          <Panel title="Last decisions" aside={<a href={link("/studio/why", { person: personRef })}>Why?</a>}>
            {decisions.length === 0 ? (
              <Empty icon="why" title="No decision">
                No message to them has come up yet.
              </Empty>
            ) : (
              <Timeline links={decisions} showsRun={true} />
            )}
          </Panel>
          {person === null ? null : (
            <Panel
              title="Newest messages"
              aside={<a href={link("/studio/messages", { person: distinctId })}>All messages</a>}
            >
              {messages.length === 0 ? (
                <Empty icon="messages" title="No message">
                  Nothing was sent to them.
                </Empty>
              ) : (
                <MessageTable messages={messages} now={frame.now} />
              )}
            </Panel>
          )}
        </>
      ),
    };
  },
});

const SANDBOX_SOURCES: SandboxSource[] = ["posthog", "segment"];

/** All that a source of the sandbox knows, to change. */
function KnownPanel({
  person: { source, properties },
  distinctId,
  frame: { token, here },
}: {
  person: SandboxPerson;
  distinctId: string;
  frame: Pick<Frame, "token" | "here">;
}): ReactElement {
  return (
    <Panel
      title={`What ${SOURCE_NAMES[source]} knows`}
      aside={<a href={link("/studio/fire", { person: distinctId })}>Fire an event</a>}
    >
      <Table caption="Properties" columns={["Property", VALUE[source]]}>
        {Object.entries(properties).map(([name, value]) => (
          <tr key={name}>
            <th scope="row" className="slim">
              <Id>{name}</Id>
            </th>
            <td className="long slim">
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
  );
}
