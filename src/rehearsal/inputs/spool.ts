import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import type { LifecycleEvent } from "../../contracts/event.ts";
import { PRIVATE_FILE } from "../../lib/rehearsal-files.ts";
import type { HistoryLine } from "../history.ts";
import { createLineWriter, openPrivate } from "./files.ts";

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
  /** Ends the spool: `target` has its lines in the order of arrival, and the file of the spool is deleted. */
  sortTo(target: string): Promise<void>;
  /** Deletes the file of the spool. */
  drop(): Promise<void>;
}

export async function createSpool(file: string): Promise<Spool> {
  const handle = await openPrivate(file, "w");
  const writer = createLineWriter(handle);
  const index = createIndex();

  return {
    async add({ order, line }) {
      const text = JSON.stringify(line);
      index.add(order, Buffer.byteLength(text) + 1);
      await writer.write(text);
    },
    async sortTo(target) {
      await writer.close();
      if (!index.isSorted()) inOrder(file, index.places(), `${file}.sorted`);
      await rename(index.isSorted() ? file : `${file}.sorted`, target);
      await rm(file, { force: true });
    },
    async drop() {
      await writer.close().catch(() => {});
      await rm(file, { force: true });
    },
  };
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
