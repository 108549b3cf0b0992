import { Writable } from "node:stream";
import { paint } from "../lib/command-io.ts";

/** Prints each JSON log line for a reader: the time, the component, then the rest as name=value. */
export function readableLog(print: (line: string) => void): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      for (const line of chunk.toString("utf8").trimEnd().split("\n")) print(readable(line));
      done();
    },
  });
}

function readable(line: string): string {
  const { level, time, component = "", ...rest } = JSON.parse(line) as LogLine;
  const text = Object.entries(rest).flatMap(([name, value]) =>
    value === null || value === undefined
      ? []
      : [`${paint("dim", `${name}=`)}${typeof value === "string" ? value : JSON.stringify(value)}`],
  );
  return `${paint("dim", time.slice(11, 19))} ${paint(level >= 40 ? "yellow" : "green", component.padEnd(9))} ${text.join(" ")}`;
}

interface LogLine {
  level: number;
  time: string;
  component?: string;
}
