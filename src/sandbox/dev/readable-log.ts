import { Writable } from "node:stream";
import type { CommandIo, Paint } from "../../lib/command-io.ts";

/** Prints each JSON log line as text: the time, the component, then every other field as name=value. */
export function readableLog({ print, paint }: Pick<CommandIo, "print" | "paint">): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      for (const line of chunk.toString("utf8").trimEnd().split("\n")) print(readable(line, paint));
      done();
    },
  });
}

function readable(line: string, paint: Paint): string {
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
