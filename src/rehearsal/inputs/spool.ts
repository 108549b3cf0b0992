import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { rename, rm, truncate } from "node:fs/promises";
import type { LifecycleEvent } from "../../contracts/event.ts";
import { PRIVATE_FILE } from "../../lib/rehearsal-files.ts";
import type { HistoryLine } from "../history.ts";
import { createLineWriter, openPrivate, readHistory } from "./files.ts";

/** A line with the order of its arrival, in microseconds since 1970. Lines with the same order keep their sequence. */
export interface Arrival {
  order: number;
  line: HistoryLine;
  /** The event of the line; null for a reply. */
  event: LifecycleEvent | null;
}

/** A file to which lines are written as they come. Memory has only the order and the place of each line. */
export interface Spool {
  add(arrival: Pick<Arrival, "order" | "line">): Promise<void>;
  /** Writes all added lines to the file, and answers the length of the file. */
  flush(): Promise<number>;
  /** Ends the spool: `target` has its lines in the order of arrival, and the file of the spool is deleted. */
  sortTo(target: string): Promise<void>;
  /** Ends the spool. With `keep`, its file stays, and another spool can continue it. */
  end(options: { keep: boolean }): Promise<void>;
}

/** `continueAt` is the length of the file after an earlier `flush`; later lines in it are dropped. */
export async function createSpool(
  file: string,
  { continueAt = 0, onLine = () => {} }: { continueAt?: number; onLine?: (line: HistoryLine) => void } = {},
): Promise<Spool> {
  if (continueAt > 0) await truncate(file, continueAt);
  const index = createIndex();
  if (continueAt > 0)
    for await (const lines of readHistory(file))
      for (const line of lines) {
        index.add(Date.parse(line.at) * 1000, lengthOf(JSON.stringify(line)));
        onLine(line);
      }
  const writer = createLineWriter(await openPrivate(file, continueAt > 0 ? "a" : "w"));

  return {
    async add({ order, line }) {
      const text = JSON.stringify(line);
      index.add(order, lengthOf(text));
      await writer.write(text);
    },
    async flush() {
      await writer.flush();
      return index.bytes();
    },
    async sortTo(target) {
      await writer.close();
      if (!index.isSorted()) inOrder(file, index.places(), `${file}.sorted`);
      await rename(index.isSorted() ? file : `${file}.sorted`, target);
      await rm(file, { force: true });
    },
    async end({ keep }) {
      await writer.close().catch(() => {});
      if (!keep) await rm(file, { force: true });
    },
  };
}

function lengthOf(text: string): number {
  return Buffer.byteLength(text) + 1;
}

interface Place {
  offset: number;
  length: number;
}

/** 16 bytes for each line. */
function createIndex() {
  let orders = new Float64Array(1024);
  let ends = new Float64Array(1024);
  let count = 0;
  let isSorted = true;
  return {
    add(order: number, length: number): void {
      if (count === orders.length) {
        orders = grown(orders);
        ends = grown(ends);
      }
      if (count > 0 && order < (orders[count - 1] ?? 0)) isSorted = false;
      orders[count] = order;
      ends[count] = (count === 0 ? 0 : (ends[count - 1] ?? 0)) + length;
      count += 1;
    },
    isSorted: () => isSorted,
    bytes: () => (count === 0 ? 0 : (ends[count - 1] ?? 0)),
    *places(): Generator<Place> {
      const sorted = Uint32Array.from({ length: count }, (_, position) => position);
      sorted.sort((a, b) => (orders[a] ?? 0) - (orders[b] ?? 0) || a - b);
      for (const position of sorted) {
        const offset = position === 0 ? 0 : (ends[position - 1] ?? 0);
        yield { offset, length: (ends[position] ?? 0) - offset };
      }
    },
  };
}

function grown(numbers: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const more = new Float64Array(numbers.length * 2);
  more.set(numbers);
  return more;
}

const READ_AT_ONCE = 1024 * 1024;

/**
 * Copies these places of a file to a new file. Places that follow each other are copied together. Reads without
 * promises, because lines in another order are many small reads.
 */
function inOrder(file: string, places: Iterable<Place>, target: string): void {
  const [from, to] = [openSync(file, "r"), openSync(target, "w", PRIVATE_FILE)];
  try {
    let together: Place = { offset: 0, length: 0 };
    for (const place of places) {
      if (place.offset === together.offset + together.length && together.length < READ_AT_ONCE)
        together = { ...together, length: together.length + place.length };
      else {
        copy(from, to, together);
        together = place;
      }
    }
    copy(from, to, together);
  } finally {
    closeSync(from);
    closeSync(to);
  }
}

function copy(from: number, to: number, { offset, length }: Place): void {
  const bytes = Buffer.allocUnsafe(length);
  const count = readSync(from, bytes, 0, length, offset);
  if (count < length) throw new Error("a file of the rehearsal became shorter while it was read");
  writeSync(to, bytes);
}
