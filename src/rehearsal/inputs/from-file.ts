import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { createGunzip } from "node:zlib";
import type { SegmentNames } from "../../contracts/product.ts";
import { parseJson } from "../../lib/json.ts";
import { type Line, LONGEST_LINE, linesIn } from "../../lib/lines.ts";
import { isObject } from "../../sources/event-fields.ts";
import { HistoryLine } from "../history.ts";
import { eventIn, isEvent, microsOf } from "./events.ts";
import type { Arrival } from "./spool.ts";

/** Lines that cannot be read, by reason, which holds nothing of the line. */
export interface BadLines {
  reason: string;
  count: number;
  /** The number of the first of them; the first line of the file is 1. */
  firstLine: number;
}

/**
 * Reads a file of webhook bodies, or of lines of a history, one JSON on each line, in any order. The file may be
 * compressed by gzip. Throws when it has no line that can be read.
 */
export async function* readFromFile(
  file: string,
  { names, bad }: { names: SegmentNames; bad: Map<string, BadLines> },
): AsyncGenerator<Arrival[]> {
  let hasGood = false;
  for await (const lines of linesIn(await openText(file))) {
    const arrivals: Arrival[] = [];
    for (const line of lines) {
      if (line.text?.trim() === "") continue;
      const read = readLine(line, names);
      if ("arrival" in read) arrivals.push(read.arrival);
      else count(bad, read.bad, line);
    }
    hasGood ||= arrivals.length > 0;
    if (arrivals.length > 0) yield arrivals;
  }
  if (!hasGood) throw new Error(`${file} has no event${whyIn(bad)}`);
}

/** Compressed data is recognised by its first bytes, because a file may have any name. */
async function openText(file: string) {
  const handle = await open(file, "r");
  const { buffer } = await handle.read(Buffer.alloc(2), 0, 2, 0).finally(() => handle.close());
  const stream = createReadStream(file);
  if (buffer.readUInt16BE(0) !== 0x1f8b) return stream;
  const unzipped = createGunzip();
  stream.on("error", (error) => unzipped.destroy(error));
  return stream.pipe(unzipped);
}

function readLine({ text, number }: Line, names: SegmentNames): { arrival: Arrival } | { bad: string } {
  if (text === null) return { bad: `longer than ${LONGEST_LINE / 1024 / 1024} MB` };
  const json = parseJson(number === 1 ? text.replace(/^\uFEFF/, "") : text);
  if (json === undefined) return { bad: "not JSON" };
  if (!isObject(json)) return { bad: "not an object" };
  const read = "source" in json && "body" in json ? lineOf(json) : lineOfBody(json);
  if ("bad" in read) return read;
  const { line } = read;
  const order = microsOf(line.at) ?? 0;
  if (!isEvent(line)) return { arrival: { order, line, event: null } };
  const parsed = eventIn(line, names);
  return "misfit" in parsed ? { bad: parsed.misfit } : { arrival: { order, line, event: parsed.event } };
}

type Read = { line: HistoryLine } | { bad: string };

function lineOf(json: Record<string, unknown>): Read {
  const line = HistoryLine.safeParse(json);
  return line.success ? { line: line.data } : { bad: "not a line of a history" };
}

/** The arrival of a body is the time at which PostHog or Segment received it, as far as the body has that time. */
function lineOfBody(body: Record<string, unknown>): Read {
  if (isObject(body.event)) {
    const { captured_at, timestamp } = body.event;
    return arriving("posthog", body, [captured_at, timestamp]);
  }
  if (typeof body.messageId === "string" && typeof body.type === "string")
    return arriving("segment", body, [body.receivedAt, body.timestamp, body.originalTimestamp, body.sentAt]);
  return { bad: "neither a webhook body of PostHog or Segment nor a line of a history" };
}

function arriving(source: "posthog" | "segment", body: Record<string, unknown>, times: unknown[]): Read {
  const micros = times.map(microsOf).find((time) => time !== null);
  if (micros === undefined) return { bad: "without a time" };
  return { line: { at: new Date(micros / 1000).toISOString(), source, body } };
}

function count(bad: Map<string, BadLines>, reason: string, { number }: Line): void {
  const known = bad.get(reason);
  bad.set(reason, { reason, count: (known?.count ?? 0) + 1, firstLine: known?.firstLine ?? number });
}

function whyIn(bad: Map<string, BadLines>): string {
  const [first] = bad.values();
  return first === undefined ? "" : `: line ${first.firstLine} is ${first.reason}`;
}
