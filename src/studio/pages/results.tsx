import type { ReactElement } from "react";
import type { WorkflowOutcomes } from "../../contracts/history.ts";
import { DAY_MS } from "../../lib/durations.ts";
import { link, useFrame } from "../page.ts";
import { channelName, type LinkedPill, Pills } from "../ui/parts.tsx";

/** The results of a workflow without runs. */
export function emptyResults(workflow: string): WorkflowOutcomes {
  return { workflow, entered: 0, waiting: 0, converted: 0, sent: [], skipped: [], lost: 0, failed: 0 };
}

/** The messages that were sent, skipped and failed, in words and as a bar. */
export function MessageResults({ workflow, sent, skipped, failed }: WorkflowOutcomes): ReactElement {
  const isSandbox = useFrame().messageOf !== null;
  const all = sumOf(sent) + sumOf(skipped) + failed;
  if (all === 0) return <span className="quiet">no messages yet</span>;
  const toSent = (channel: string) =>
    isSandbox ? link("/studio/messages", { workflow, channel }) : link("/studio/runs", { workflow });
  const pills: LinkedPill[] = [
    ...sent.map(({ channel, count }) => ({
      ...{ tone: "good" as const, text: `${channelName(channel)} sent`, count },
      to: toSent(channel),
    })),
    ...skipped.map(({ reason, count }) => ({
      ...{ tone: "quiet" as const, text: `not sent: ${reason || "no reason"}`, count },
    })),
    { tone: "bad", text: "failed", count: failed },
  ];
  return (
    <>
      <Pills pills={pills} />
      <Share parts={{ good: sumOf(sent), none: sumOf(skipped), bad: failed }} />
    </>
  );
}

function sumOf(counts: Array<{ count: number }>): number {
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

/** A period of results. `ms` is null for the time since the start of the sandbox. `words` end a title. */
export interface Period {
  id: string;
  name: string;
  words: string;
  ms: number | null;
}

const PERIODS: Period[] = [
  { id: "24h", name: "24 hours", words: "last 24 hours", ms: DAY_MS },
  { id: "7d", name: "7 days", words: "last 7 days", ms: 7 * DAY_MS },
  { id: "30d", name: "30 days", words: "last 30 days", ms: 30 * DAY_MS },
];
/** In a sandbox, weeks pass at one press of a button, and there are few runs. */
const SINCE_START: Period = { id: "all", name: "Since the start", words: "since the start", ms: null };

/** The period with this id. By default all of a sandbox, and 30 days in production. */
export function periodOf(text: string | undefined, { isSandbox }: { isSandbox: boolean }): Period {
  const periods = periodsIn(isSandbox);
  return periods.find(({ id }) => id === text) ?? (periods.at(-1) as Period);
}

/** The start of a period, in milliseconds since 1970. */
export function sinceOf({ ms }: Period, now: number): number {
  return ms === null ? 0 : now - ms;
}

/** One tab for each period. */
export function periodTabs(
  path: string,
  current: string,
  { isSandbox }: { isSandbox: boolean },
): Array<{ name: string; to: string; isCurrent: boolean }> {
  return periodsIn(isSandbox).map(({ id, name }) => ({ name, to: `${path}?period=${id}`, isCurrent: id === current }));
}

function periodsIn(isSandbox: boolean): Period[] {
  return isSandbox ? [...PERIODS, SINCE_START] : PERIODS;
}
