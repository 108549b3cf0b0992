import type { LifecycleEvent } from "../../contracts/event.ts";
import type { SegmentNames } from "../../contracts/product.ts";
import type { Parsed } from "../../sources/ingest.ts";
import { parsePostHogEvent } from "../../sources/posthog/event.ts";
import { parseSegmentEvent } from "../../sources/segment/event.ts";
import type { HistoryLine } from "../history.ts";

export type EventLine = Extract<HistoryLine, { source: LifecycleEvent["source"] }>;

export function isEvent(line: HistoryLine): line is EventLine {
  return line.source !== "reply";
}

/** The event of a line, as the app reads it at its arrival. */
export function eventIn({ at, source, body }: EventLine, names: SegmentNames): Parsed {
  const now = Date.parse(at);
  if (source === "segment") return parseSegmentEvent(body, { now, names });
  const parsed = parsePostHogEvent(body, now);
  return "event" in parsed ? { event: { ...parsed.event, source } } : parsed;
}

/** A time in microseconds since 1970; null for a text that is not a time. A time without a zone is UTC. */
export function microsOf(time: unknown): number | null {
  if (typeof time !== "string") return null;
  const text = time.trim();
  const [, micros = ""] = /\.\d{3}(\d{1,3})/.exec(text) ?? [];
  const ms = Date.parse(/(z|[+-]\d\d:?\d\d)$/i.test(text) ? text : `${text}Z`);
  return ms >= 0 ? ms * 1000 + Number(micros.padEnd(3, "0")) : null;
}
