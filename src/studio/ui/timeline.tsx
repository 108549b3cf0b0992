import type { ReactElement } from "react";
import type { ChainLink } from "../../explain/explanation.ts";
import { durationInWords, MINUTE_MS } from "../../lib/durations.ts";
import { runPath, stepAnchor, useFrame } from "../page.ts";
import { exact, Icon, Pill } from "./parts.tsx";
import { SentPill, UnsentLink } from "./sent.tsx";

/** Shorter gaps are not shown. */
const SHORTEST_GAP_MS = MINUTE_MS;
const WIDTH = 1000;

/** The facts in order, with the gaps between them. */
export function Timeline({
  links,
  showsRun = false,
}: {
  links: ChainLink[];
  /** Whether each fact has a link to its run. */
  showsRun?: boolean;
}): ReactElement {
  return (
    <ol className="timeline">
      {links.flatMap((link, index) => {
        const gapMs = index === 0 ? 0 : Date.parse(link.at) - Date.parse(links[index - 1]?.at ?? link.at);
        const gap =
          gapMs < SHORTEST_GAP_MS ? [] : [<Gap key={`gap ${link.at} ${link.kind} ${link.sentence}`} ms={gapMs} />];
        return [
          ...gap,
          <li
            key={`${link.at} ${link.kind} ${link.sentence}`}
            className={link.tone}
            id={!showsRun && link.kind === "decision" && link.step !== null ? stepAnchor(link.step) : undefined}
          >
            <span className="at">
              <time dateTime={link.at}>{exact(link.at).slice(0, 10)}</time>
              <time dateTime={link.at}>{exact(link.at).slice(11)}</time>
            </span>
            <span className="dot">
              <Icon name={link.tone} />
            </span>
            <div className="what">
              <LinkPill link={link} showsRun={showsRun} />
              <p>{link.sentence}</p>
              {link.value === null ? null : (
                <p className="value">
                  {valueName(link)} <code className="id">{link.value}</code>
                </p>
              )}
              {link.note === null ? null : <p className="value">{link.note}</p>}
              <Links link={link} showsRun={showsRun} />
            </div>
          </li>,
        ];
      })}
    </ol>
  );
}

function Links({ link, showsRun }: { link: ChainLink; showsRun: boolean }): ReactElement | null {
  const { runRef: run, workflow, step } = link;
  if (run === null) return null;
  const isUnsent = link.kind === "decision" && !isSent(link);
  return (
    <span className="acts">
      {isUnsent && workflow !== null && step !== null ? <UnsentLink {...{ run, workflow, step }} /> : null}
      {showsRun ? <a href={runPath(run)}>see the run</a> : null}
    </span>
  );
}

/** Whether a link is the decision to send a message. */
export function isSent({ kind, label }: ChainLink): boolean {
  return kind === "decision" && label.startsWith("sent");
}

/** The label. That of a sent message is a link to the message; on the run's page only if there is a preview. */
function LinkPill({ link, showsRun }: { link: ChainLink; showsRun: boolean }): ReactElement {
  const { tone, label, runRef, step } = link;
  const { messageOf } = useFrame();
  if (isSent(link) && runRef !== null && step !== null && (showsRun || messageOf?.(runRef, step) != null))
    return <SentPill run={runRef} step={step} isUnconfirmed={tone === "warn"} />;
  return <Pill tone={tone}>{label}</Pill>;
}

/** The name of the value of a chain link, by the kind of the link. */
const VALUE_NAMES: Record<ChainLink["kind"], string> = {
  event: "event id",
  ignored: "reason",
  "opt-out": "by",
  exit: "event",
  run: "event",
  "step done": "detail",
  decision: "reason",
  withdrawal: "by",
  step: "detail",
  job: "error",
};

function valueName({ kind, tone }: ChainLink): string {
  return kind === "run" && tone === "bad" ? "reason" : VALUE_NAMES[kind];
}

function Gap({ ms }: { ms: number }): ReactElement {
  return (
    <li className="gap">
      <span className="at" />
      <span className="dot" />
      <p className="what">{durationInWords(ms)} later</p>
    </li>
  );
}

/** The facts of the timeline on a time axis, to scale. */
export function Axis({ links }: { links: ChainLink[] }): ReactElement | null {
  const { now } = useFrame();
  const times = links.map(({ at }) => Date.parse(at));
  const [from, to] = [Math.min(...times), Math.max(...times)];
  if (links.length < 2 || to - from < SHORTEST_GAP_MS) return null;
  const at = (ms: number) => 10 + ((ms - from) / (to - from)) * (WIDTH - 20);
  return (
    <div className="axis">
      <svg viewBox={`0 0 ${WIDTH} 26`} preserveAspectRatio="none" aria-hidden="true">
        <line className="line" x1="10" x2={WIDTH - 10} y1="13" y2="13" vectorEffect="non-scaling-stroke" />
        {now > from && now < to ? (
          <line className="now" x1={at(now)} x2={at(now)} y1="0" y2="26" vectorEffect="non-scaling-stroke" />
        ) : null}
        {links.map((link) => (
          <line
            key={`${link.at} ${link.kind} ${link.sentence}`}
            className={`mark ${link.tone}`}
            x1={at(Date.parse(link.at))}
            x2={at(Date.parse(link.at)) + 0.01}
            y1="13"
            y2="13"
            vectorEffect="non-scaling-stroke"
          />
        ))}
      </svg>
      <p>
        <span>{exact(from)}</span>
        <span>{durationInWords(to - from)} in all</span>
        <span>{exact(to)}</span>
      </p>
    </div>
  );
}
