import type { ReactElement } from "react";
import type { WorkflowOutcomes } from "../../contracts/history.ts";
import { DAY_MS } from "../../lib/durations.ts";
import { channelName, Pills } from "../ui/parts.tsx";

/** The results of a workflow without runs. */
export function emptyResults(workflow: string): WorkflowOutcomes {
  return { workflow, entered: 0, waiting: 0, converted: 0, sent: [], skipped: [], lost: 0, failed: 0 };
}

/** The messages that were sent, skipped and failed, in words and as a bar. */
export function MessageResults({ sent, skipped, failed }: WorkflowOutcomes): ReactElement {
  const all = sumOf(sent) + sumOf(skipped) + failed;
  if (all === 0) return <span className="quiet">no messages yet</span>;
  const pills = [
    ...sent.map(({ channel, count }) => ({ tone: "good" as const, text: channelName(channel), count })),
    ...skipped.map(({ reason, count }) => ({ tone: "quiet" as const, text: reason || "no reason", count })),
    { tone: "bad" as const, text: "failed", count: failed },
  ];
  return (
    <>
      <Pills pills={pills} />
      <Share parts={{ good: sumOf(sent), none: sumOf(skipped), bad: failed }} />
    </>
  );
}

export function sumOf(counts: Array<{ count: number }>): number {
  return counts.reduce((sum, { count }) => sum + count, 0);
}

/** A bar without new information: the words beside it have the same numbers. */
function Share({ parts }: { parts: Record<string, number> }): ReactElement {
  const all = Object.values(parts).reduce((sum, part) => sum + part, 0);
  let from = 0;
  return (
    <svg className="share" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
      {Object.entries(parts).map(([name, part]) => {
        const [x, width] = [from, (part / all) * 100];
        from += width;
        return <rect key={name} className={name} x={x} y="0" width={width} height="8" />;
      })}
    </svg>
  );
}

/** The periods for which people can see results. */
const PERIODS = [
  { id: "24h", name: "24 hours", ms: DAY_MS },
  { id: "7d", name: "7 days", ms: 7 * DAY_MS },
  { id: "30d", name: "30 days", ms: 30 * DAY_MS },
] as const;

export interface Period {
  id: string;
  name: string;
  ms: number;
}

/** The period with this id; 24 hours if no period has it. */
export function periodOf(text: string | undefined): Period {
  return PERIODS.find(({ id }) => id === text) ?? PERIODS[0];
}

/** One tab for each period. */
export function periodTabs(path: string, current: string): Array<{ name: string; to: string; isCurrent: boolean }> {
  return PERIODS.map(({ id, name }) => ({ name, to: `${path}?period=${id}`, isCurrent: id === current }));
}
