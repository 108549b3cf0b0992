import { paint, print, printable } from "../../src/lib/command-io.ts";
import type { Row } from "./troubles.ts";

const HEADS = ["", "engine", "section", "name", "requests", "CPU/10 KB", "good p50", "good p99", "RSS", "answers"];
const LONGEST_WHY = 400;

export function printTable(rows: Row[]): void {
  const cells = [HEADS, ...rows.map(cellsOf)];
  const widths = HEADS.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  cells.forEach((row, index) => {
    const line = row.map((cell, column) =>
      isNumber(column) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!),
    );
    const troubles = rows[index - 1]?.troubles ?? [];
    print(paint(troubles.length > 0 ? "red" : "reset", line.join("  ").trimEnd()));
    for (const trouble of troubles) print(`       ${printable(trouble.slice(0, LONGEST_WHY))}`);
    for (const note of rows[index - 1]?.notes ?? []) print(`       (${printable(note.slice(0, LONGEST_WHY))})`);
  });
}

export function lineOf({ troubles, engine, section, name }: Row): string {
  const result = troubles.length === 0 ? paint("green", "ok ") : paint("red", "BAD");
  const why = troubles.length === 0 ? "" : `: ${printable(troubles[0]!.slice(0, LONGEST_WHY))}`;
  return `${result} ${engine} ${section}, ${name}${why}`;
}

function cellsOf({ troubles, engine, section, name, requests, cpuMsPer10Kb, good, rssMb, answers }: Row): string[] {
  return [
    troubles.length === 0 ? "ok" : "BAD",
    engine,
    section,
    name,
    String(requests),
    cpuMsPer10Kb === null ? "" : `${cpuMsPer10Kb.toFixed(2)} ms`,
    good === null ? "" : `${good.p50Ms} ms`,
    good === null ? "" : `${good.p99Ms} ms`,
    `${Math.round(rssMb)} MB`,
    Object.entries(answers)
      .map(([status, count]) => `${status}: ${count}`)
      .join(", "),
  ];
}

function isNumber(column: number): boolean {
  return column >= 4 && column <= 8;
}
