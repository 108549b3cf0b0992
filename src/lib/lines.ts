import type { Readable } from "node:stream";

/** A line of a file. `text` is null when the line is too long. */
export interface Line {
  /** The first line is 1. */
  number: number;
  text: string | null;
}

/** A webhook body of PostHog can have 1.5 MB. */
export const LONGEST_LINE = 8 * 1024 * 1024;
const LINE_END = 0x0a;

/** The lines of a stream, chunk by chunk. A line ends only at `\n`, because JSON text may contain other line ends. */
export async function* linesIn(
  stream: Readable | AsyncIterable<Buffer>,
  { longest = LONGEST_LINE }: { longest?: number } = {},
): AsyncGenerator<Line[]> {
  let number = 0;
  let rest: Buffer[] = [];
  let restBytes = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    const lines: Line[] = [];
    let start = 0;
    for (let end = chunk.indexOf(LINE_END); end !== -1; end = chunk.indexOf(LINE_END, start)) {
      lines.push(lineEndingWith(chunk.subarray(start, end)));
      start = end + 1;
    }
    keep(chunk.subarray(start));
    if (lines.length > 0) yield lines;
  }
  if (restBytes > 0) yield [lineEndingWith(Buffer.alloc(0))];

  function keep(part: Buffer): void {
    restBytes += part.length;
    if (restBytes > longest) rest = [];
    else if (part.length > 0) rest.push(part);
  }

  function lineEndingWith(part: Buffer): Line {
    keep(part);
    const text = restBytes > longest ? null : Buffer.concat(rest).toString("utf8");
    rest = [];
    restBytes = 0;
    number += 1;
    return { number, text };
  }
}
