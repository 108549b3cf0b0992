import type { IgnoredRecord } from "../../contracts/history.ts";
import { ASKED_ROWS, cut, link, page } from "../page.ts";
import { Empty, Id, number, Panel, Table, When } from "../ui/parts.tsx";
import { SOURCE_NAMES } from "../ui/source-name.ts";
import { idOf } from "./queue.tsx";

type Shown = Omit<IgnoredRecord, "body"> & {
  personRef: string | null;
  /** Null while it is hidden. */
  body: string | null;
  bytes: number;
};

interface IgnoredEvent {
  reasons: Array<{ reason: string; reasonRef: string; count: number }>;
  /** What was asked for. */
  reasonRef: string;
  aboutRef: string;
  deliveries: Shown[];
  before: number | null;
}

/** Deliveries that caused nothing, or not what they say. */
export const ignoredPage = page<IgnoredEvent>({
  path: "/set-aside",
  async read({ facts, query }) {
    const { reason, about, before } = query;
    const [reasons, found] = await Promise.all([
      facts.countIgnored(0),
      facts.pageIgnored({ limit: ASKED_ROWS, reason, about, before: idOf(before) }),
    ]);
    const { rows, last } = cut(found);
    return {
      reasons: reasons.map((one) => ({ ...one, reasonRef: one.reason })),
      reasonRef: reason ?? "",
      aboutRef: about ?? "",
      deliveries: rows.map((row) => ({ ...row, personRef: row.distinctId, bytes: Buffer.byteLength(row.body) })),
      before: last?.id ?? null,
    };
  },

  view({ reasons, reasonRef, aboutRef, deliveries, before }, { now }) {
    const isNarrowed = reasonRef !== "" || aboutRef !== "";
    return {
      title: "Ignored",
      lead: "Deliveries that were taken and caused nothing, or not what they say, with the reason. The newest thousand are kept.",
      content:
        reasons.length === 0 ? (
          <section className="panel" aria-label="Nothing">
            <Empty icon="good" title="Nothing was ignored">
              Everything that came in started or ended something. An event that no workflow listens to would be here.
            </Empty>
          </section>
        ) : (
          <>
            <Panel title="By reason" aside={isNarrowed ? <a href="/studio/set-aside">Show all</a> : undefined}>
              <Table caption="Ignored by reason" columns={["Reason", "#Deliveries"]}>
                {reasons.map(({ reason, reasonRef: ref, count }) => (
                  <tr key={ref}>
                    <td className="long">
                      <a
                        href={link("/studio/set-aside", { reason: ref })}
                        aria-current={ref === reasonRef ? "true" : undefined}
                      >
                        {reason}
                      </a>
                    </td>
                    <td className="number">{number(count)}</td>
                  </tr>
                ))}
              </Table>
            </Panel>
            <Panel
              title={isNarrowed ? "Those that match" : "Newest first"}
              footer={
                before === null ? undefined : (
                  <a href={link("/studio/set-aside", { reason: reasonRef, about: aboutRef, before })}>Older</a>
                )
              }
            >
              <Table
                caption="Deliveries that were ignored"
                columns={["Event", "Source", "Person", "Reason", "Arrived", "Body"]}
              >
                {deliveries.map((one) => (
                  <tr key={one.id}>
                    <td>
                      {one.eventName ?? <span className="quiet">not readable</span>}
                      {one.eventUuid === null ? null : (
                        <span className="two">
                          <Id>{one.eventUuid}</Id>
                        </span>
                      )}
                    </td>
                    <td>{SOURCE_NAMES[one.source]}</td>
                    <td>
                      {one.distinctId === null ? (
                        <span className="quiet">–</span>
                      ) : (
                        <>
                          <Id>{one.distinctId}</Id>
                          <span className="two">
                            <a href={link("/studio/why", { person: one.personRef })}>why?</a>
                          </span>
                        </>
                      )}
                    </td>
                    <td className="long">{one.reason}</td>
                    <td>
                      <When at={one.receivedAt} now={now} />
                    </td>
                    <td>
                      {one.body === null ? (
                        <span className="quiet">{number(one.bytes)} bytes, hidden</span>
                      ) : (
                        <details data-key={`body ${one.id}`}>
                          <summary>{number(one.bytes)} bytes</summary>
                          <pre>{one.body}</pre>
                        </details>
                      )}
                    </td>
                  </tr>
                ))}
              </Table>
            </Panel>
          </>
        ),
    };
  },
});
