import type { ReactElement } from "react";
import type { IgnoredRecord } from "../../contracts/history.ts";
import { SOURCES } from "../../contracts/sources.ts";
import { ASKED_ROWS, cut, idOf, link, page } from "../page.ts";
import type { Concealed } from "../privacy.ts";
import { type Field, RowTable } from "../ui/fields.tsx";
import { Empty, Id, number, olderLink, Panel, When } from "../ui/parts.tsx";

interface IgnoredRow extends IgnoredRecord {
  personRef: string | null;
  bytes: number;
}

interface Ignored {
  reasons: ReasonCount[];
  /** The filters; empty for all events. */
  reasonRef: string;
  aboutRef: string;
  events: IgnoredRow[];
  before: number | null;
}

/** Events that had no effect, or only a part of their effect. */
export const ignoredPage = page<Ignored>({
  path: "/ignored",
  async read({ facts, query }) {
    const { reason, about, before } = query;
    const [reasons, found] = await Promise.all([
      facts.events.countIgnored(0),
      facts.events.listIgnored({ limit: ASKED_ROWS, reason, about, before: idOf(before) }),
    ]);
    const { rows, last } = cut(found);
    return {
      reasons: reasons.map((one) => ({ ...one, reasonRef: one.reason })),
      reasonRef: reason ?? "",
      aboutRef: about ?? "",
      events: rows.map((row) => ({ ...row, personRef: row.distinctId, bytes: Buffer.byteLength(row.body) })),
      before: last?.id ?? null,
    };
  },

  view({ reasons, reasonRef, aboutRef, events, before }) {
    const isNarrowed = reasonRef !== "" || aboutRef !== "";
    return {
      title: "Ignored events",
      lead: "Events that arrived and had no effect, or only a part of their effect. The newest thousand are stored.",
      content:
        reasons.length === 0 ? (
          <section className="panel" aria-label="No ignored events">
            <Empty icon="good" title="No event was ignored">
              Each event that arrived started or ended a run. An event that no workflow listens to appears here.
            </Empty>
          </section>
        ) : (
          <>
            <Panel title="By reason" actions={isNarrowed ? <a href="/studio/ignored">Show all</a> : undefined}>
              <ReasonTable reasons={reasons} current={reasonRef} />
            </Panel>
            <Panel
              title={isNarrowed ? "Events that match" : "Newest first"}
              footer={olderLink("Older events", "/studio/ignored", { reason: reasonRef, about: aboutRef }, before)}
            >
              <RowTable caption="Ignored events" fields={FIELDS} rows={events} keyOf={({ id }) => id} />
            </Panel>
          </>
        ),
    };
  },
});

const FIELDS: Array<Field<Concealed<IgnoredRow>>> = [
  {
    name: "Event",
    of: ({ eventName, eventUuid }) => (
      <>
        {eventName ?? <span className="quiet">cannot be read</span>}
        {eventUuid === null ? null : (
          <span className="two">
            <Id>{eventUuid}</Id>
          </span>
        )}
      </>
    ),
  },
  { name: "Source", of: ({ source }) => SOURCES[source].label },
  {
    name: "Person",
    of: ({ distinctId, personRef }) =>
      distinctId === null ? (
        <span className="quiet">–</span>
      ) : (
        <>
          <Id>{distinctId}</Id>
          <span className="two">
            <a href={link("/studio/why", { person: personRef })}>why?</a>
          </span>
        </>
      ),
  },
  { name: "Reason", kind: "long", of: ({ reason }) => reason },
  { name: "Arrived", of: ({ receivedAt }) => <When at={receivedAt} /> },
  {
    name: "Body",
    of: ({ id, body, bytes }) =>
      body === null ? (
        <span className="quiet">{number(bytes)} bytes, hidden</span>
      ) : (
        <details data-key={`body ${id}`}>
          <summary>{number(bytes)} bytes</summary>
          <pre>{body}</pre>
        </details>
      ),
  },
];

export interface ReasonCount {
  reason: string;
  reasonRef: string;
  count: number;
}

const COUNT: Field<ReasonCount> = { name: "Events", kind: "number", of: ({ count }) => number(count) };

/** The ignored events by reason, each with a link to the list. */
export function ReasonTable({ reasons, current = "" }: { reasons: ReasonCount[]; current?: string }): ReactElement {
  const reason: Field<ReasonCount> = {
    name: "Reason",
    kind: "long",
    of: (row) => (
      <a
        href={link("/studio/ignored", { reason: row.reasonRef })}
        aria-current={row.reasonRef === current ? "true" : undefined}
      >
        {row.reason}
      </a>
    ),
  };
  return (
    <RowTable
      caption="Ignored events by reason"
      fields={[reason, COUNT]}
      rows={reasons}
      keyOf={({ reasonRef }) => reasonRef}
    />
  );
}
