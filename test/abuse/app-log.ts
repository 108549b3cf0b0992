import { closeSync, openSync, readSync } from "node:fs";
import { StringDecoder } from "node:string_decoder";
import { type Leak, leaksIn } from "./planted.ts";

export interface LogTrouble {
  why: string;
  /** The request with which the planted value came, if known. */
  request: number | null;
}

export interface AppLog {
  /** The faults in the lines since the last call. */
  troubles(): LogTrouble[];
  /** The error lines since the start, with their counts. */
  errors: Map<string, number>;
}

const CHUNK_BYTES = 4 * 1024 * 1024;
const MOST_TROUBLES = 20;
const STACK = /unhandled|uncaught|\\n {4}at |^ {4}at /i;
const ERROR_LEVEL = 50;

/** Reads the log files of an app line by line. */
export function createAppLog(files: string[]): AppLog {
  const errors = new Map<string, number>();
  const readers = files.map((file) => lineReader(file));
  return {
    errors,
    troubles() {
      const troubles: LogTrouble[] = [];
      for (const read of readers)
        read((line) => {
          const found = troublesOf(line, errors);
          if (troubles.length < MOST_TROUBLES) troubles.push(...found);
        });
      return troubles;
    },
  };
}

function troublesOf(line: string, errors: Map<string, number>): LogTrouble[] {
  const leaks = leaksIn(line).map(({ what, request }: Leak) => ({
    why: `${what} is in the log: ${short(line)}`,
    request,
  }));
  const stack = STACK.test(line) ? [{ why: `a stack is in the log: ${short(line)}`, request: null }] : [];
  return [...leaks, ...stack, ...notJson(line, errors)];
}

function notJson(line: string, errors: Map<string, number>): LogTrouble[] {
  try {
    const { level, time: _, ...fields } = JSON.parse(line) as { level: number; time: string };
    if (level >= ERROR_LEVEL) {
      const text = short(JSON.stringify(fields));
      errors.set(text, (errors.get(text) ?? 0) + 1);
    }
    return [];
  } catch {
    return [{ why: `a line of output is no JSON: ${short(line)}`, request: null }];
  }
}

function short(line: string): string {
  return line.length > 300 ? `${line.slice(0, 300)}…` : line;
}

function lineReader(file: string): (onLine: (line: string) => void) => void {
  const decoder = new StringDecoder("utf8");
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  let position = 0;
  let rest = "";
  return (onLine) => {
    const descriptor = openSync(file, "r");
    for (let bytes = read(descriptor); bytes > 0; bytes = read(descriptor)) {
      position += bytes;
      const lines = (rest + decoder.write(chunk.subarray(0, bytes))).split("\n");
      rest = lines.pop() ?? "";
      lines.filter((line) => line !== "").forEach(onLine);
    }
    closeSync(descriptor);
  };

  function read(descriptor: number): number {
    return readSync(descriptor, chunk, 0, CHUNK_BYTES, position);
  }
}
