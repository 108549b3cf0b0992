import type { ReactElement } from "react";
import type { Decision } from "../../contracts/decision.ts";
import type { RunRecord, RunStatus } from "../../contracts/history.ts";
import { link, personPath, runPath } from "../page.ts";
import { Id, Pill, Table, type Tone, When } from "../ui/parts.tsx";

/** A run in a list: where it stands, and what was decided in it. */
export interface ListedRun extends RunRecord {
  runRef: string;
  personRef: string;
  sent: number;
  /** The reasons of what was left out, each once. */
  skipped: string[];
  failed: number;
}

export function listed(runs: RunRecord[], decisions: Decision[]): ListedRun[] {
  return runs.map((run) => {
    const mine = decisions.filter(({ transactionId }) => transactionId === run.transactionId);
    const of = (outcome: Decision["outcome"]) => mine.filter((one) => one.outcome === outcome);
    return {
      ...run,
      runRef: run.transactionId,
      personRef: run.distinctId,
      sent: of("sent").length,
      skipped: [...new Set(of("skipped").map(({ reason }) => reason ?? "no reason"))],
      failed: of("failed").length,
    };
  });
}

export function RunTable({
  runs,
  now,
  showsPerson = true,
}: {
  runs: ListedRun[];
  now: number;
  /** Whether each names its person, because there are several. */
  showsPerson?: boolean;
}): ReactElement {
  return (
    <Table caption="Runs" columns={["Run", ...(showsPerson ? ["Person"] : []), "State", "Messages", "Happened"]}>
      {runs.map((run) => (
        <tr key={run.runRef}>
          <th scope="row">
            <a href={runPath(run.runRef)}>{run.workflow}</a>
            <span className="two">
              <Id>{run.transactionId}</Id>
            </span>
          </th>
          {showsPerson ? (
            <td>
              <a href={personPath(run.personRef)}>
                <Id>{run.distinctId}</Id>
              </a>
              <span className="two">
                <a href={link("/studio/why", { person: run.personRef, workflow: run.workflow })}>why?</a>
              </span>
            </td>
          ) : null}
          <td>
            <Status status={run.status} />
          </td>
          <td>
            <Decided {...run} />
          </td>
          <td>
            <When at={run.occurredAt} now={now} />
            <span className="two">{run.eventName}</span>
          </td>
        </tr>
      ))}
    </Table>
  );
}

const TONE: Record<RunStatus, Tone> = {
  pending: "quiet",
  stuck: "bad",
  "in progress": "info",
  finished: "good",
  exited: "good",
  failed: "bad",
  "not started": "warn",
};

export function Status({ status }: { status: RunStatus }): ReactElement {
  return <Pill tone={TONE[status]}>{status}</Pill>;
}

function Decided({ sent, skipped, failed }: ListedRun): ReactElement {
  if (sent + skipped.length + failed === 0) return <span className="quiet">none yet</span>;
  return (
    <span className="stack">
      {sent > 0 ? (
        <Pill tone="good" count={sent}>
          sent
        </Pill>
      ) : null}
      {skipped.map((reason) => (
        <Pill key={reason} tone="quiet">
          {reason}
        </Pill>
      ))}
      {failed > 0 ? (
        <Pill tone="bad" count={failed}>
          failed
        </Pill>
      ) : null}
    </span>
  );
}
