import type { ReactElement } from "react";
import type { Source } from "../../contracts/event.ts";
import type { SandboxMessage, SandboxPerson, SandboxSource } from "../../contracts/sandbox.ts";
import { PERSON_SOURCES, SOURCES } from "../../contracts/sources.ts";
import { explain } from "../../explain/explain.ts";
import type { ChainLink } from "../../explain/explanation.ts";
import type { PersonReading } from "../facts.ts";
import { link, page, personPath } from "../page.ts";
import { type RawProperty, rawOf, sourceNamed } from "../sandbox-sources.ts";
import { Empty, Panel } from "../ui/parts.tsx";
import { Timeline } from "../ui/timeline.tsx";
import { MessageTable } from "./message-fields.tsx";
import { ChannelForms, CohortForms, PersonForms } from "./person-forms.tsx";
import { type Next, NextPanel, nextOf } from "./person-next.tsx";
import { ReadPanel } from "./person-read.tsx";
import { type ListedRun, listed, RunTable } from "./run-table.tsx";

const MOST_SHOWN = 10;

interface OnePerson {
  distinctId: string;
  personRef: string;
  /** The person as a step of a run from `source` reads them. */
  reading: PersonReading;
  source: Source;
  /** ISO 8601 */
  readAt: string;
  /** Another source that has the person; null if there is none. */
  otherSource: SandboxSource | null;
  next: Next;
  runs: ListedRun[];
  decisions: ChainLink[];
  /** In the sandbox: the person as the source has them. */
  person: SandboxPerson | null;
  raw: Record<string, RawProperty> | null;
  messages: SandboxMessage[];
  /** In the sandbox: the providers of push and chat that have an address of the person. */
  channels: string[];
  /** In the sandbox: the cohorts of the workflows, and whether the person is in each. */
  cohorts: Array<{ id: number; isMember: boolean }>;
}

/** A person as the workflows see them. In the sandbox, forms change the person's properties while a run waits. */
export const personPage = page<OnePerson>({
  path: "/people/:person",
  async read({ facts, sandbox, now, params: { person: distinctId = "" }, query }) {
    const history = await facts.runs.history({ distinctId });
    const sources = new Map(history.events.map((event) => [event.uuid, event.source]));
    const newestFirst = history.runs.toReversed();
    const known = sandbox?.people().filter(({ distinctIds }) => distinctIds.includes(distinctId)) ?? [];
    const asked = sourceNamed(query);
    const run = newestFirst.find(({ eventUuid }) => asked === undefined || sources.get(eventUuid) === asked);
    const source = asked ?? sources.get(run?.eventUuid ?? "") ?? known[0]?.source ?? "posthog";
    const person = known.find((one) => one.source === source) ?? (asked === undefined ? known[0] : undefined) ?? null;

    const occurredAt = run?.occurredAt ?? new Date(now).toISOString();
    const { reading, readAt } = await facts.readPerson({ distinctId, source, occurredAt });
    const cap = await facts.capOf(distinctId);
    const chain = explain(history, { person: distinctId, workflows: facts.workflows });
    if (reading.outcome === "not found" && person === null && !chain.isKnown) return null;

    const readFrom = reading.outcome === "unavailable" ? source : reading.source;
    const knownThere = known.find((one) => one.source === readFrom);
    const having = new Set([...sources.values(), ...known.map((one) => one.source)]);
    return {
      distinctId,
      personRef: distinctId,
      reading,
      source,
      readAt,
      otherSource: PERSON_SOURCES.find((one) => having.has(one) && one !== source && one !== readFrom) ?? null,
      next: nextOf(history, { reading, workflows: facts.workflows, cap, most: MOST_SHOWN }),
      runs: listed(newestFirst.slice(0, MOST_SHOWN), history.decisions),
      decisions: chain.links.filter(({ kind }) => kind === "decision").slice(-MOST_SHOWN),
      person,
      raw: knownThere === undefined ? null : rawOf(knownThere),
      channels: sandbox?.channelsOf(distinctId) ?? [],
      cohorts: sandbox?.cohortsOf(distinctId) ?? [],
      messages: (sandbox?.messages() ?? [])
        .filter(({ subscriberId }) => subscriberId === distinctId)
        .slice(-MOST_SHOWN)
        .reverse(),
    };
  },

  view(model) {
    const { distinctId, personRef, otherSource, next, runs, decisions, person, messages, channels, cohorts } = model;
    const others = person?.distinctIds.filter((id) => id !== distinctId) ?? [];
    return {
      title: distinctId,
      ...(others.length > 0 && { lead: `Also known as ${others.join(", ")}` }),
      content: (
        <>
          <NextPanel {...next} />
          <ReadPanel
            {...model}
            footer={
              otherSource === null ? null : (
                <a href={personPath(personRef, otherSource)}>See the same for runs from {SOURCES[otherSource].label}</a>
              )
            }
          />
          {person === null ? null : <PersonForms person={person} distinctId={distinctId} />}
          {person === null ? null : <ChannelForms distinctId={distinctId} channels={channels} />}
          {cohorts.length === 0 ? null : <CohortForms distinctId={distinctId} cohorts={cohorts} />}
          <Panel title="Newest runs" actions={<a href={link("/studio/runs", { q: personRef })}>All runs</a>}>
            <RunTable
              runs={runs}
              showsPerson={false}
              empty={
                <Empty icon="runs" title="No run">
                  No workflow has started for this person.
                </Empty>
              }
            />
          </Panel>
          <Panel title="Last decisions" actions={<a href={link("/studio/why", { person: personRef })}>Why?</a>}>
            {decisions.length === 0 ? (
              <Empty icon="why" title="No decision">
                No message for this person has been due yet.
              </Empty>
            ) : (
              <Timeline links={decisions} showsRun={true} />
            )}
          </Panel>
          {person === null ? null : <MessagesPanel distinctId={distinctId} messages={messages} />}
        </>
      ),
    };
  },
});

function MessagesPanel({ distinctId, messages }: Pick<OnePerson, "distinctId" | "messages">): ReactElement {
  return (
    <Panel
      title="Newest messages"
      actions={
        <span className="acts">
          <a href={`${personPath(distinctId)}/inbox`}>Open Novu's Inbox</a>
          <a href={link("/studio/messages", { person: distinctId })}>All messages</a>
        </span>
      }
    >
      <MessageTable
        messages={messages}
        empty={
          <Empty icon="messages" title="No message">
            No message was sent to this person.
          </Empty>
        }
      />
    </Panel>
  );
}
