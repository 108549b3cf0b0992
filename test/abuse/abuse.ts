import { paint, print, printError } from "../../src/lib/command-io.ts";
import { buildApp } from "../support/tool.ts";
import { floods } from "./floods.ts";
import { fuzz } from "./fuzz.ts";
import { held } from "./held.ts";
import { HELP, type Options, readOptions, type SectionName } from "./options.ts";
import { poison } from "./poison.ts";
import type { Section } from "./section.ts";
import { soak } from "./soak.ts";
import { lineOf, printTable } from "./table.ts";
import type { Row } from "./troubles.ts";

const SECTIONS: Record<SectionName, Section> = { fuzz, poison, held, floods, soak };

try {
  process.exitCode = await main();
} catch (error) {
  printError((error as Error).message);
  process.exitCode = 2;
}

async function main(): Promise<number> {
  const options = readOptions();
  if (options === null) {
    print(HELP);
    return 0;
  }
  if (options.isOurBuild) buildApp();
  const log = options.json ? () => {} : print;
  log(`seed ${options.seed}: ${options.only.join(", ")} on ${options.engines.join(" and ")}`);
  const startedAt = performance.now();
  const rows = await runAll(options, (row) => log(lineOf(row)));
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  const bad = rows.filter(({ troubles }) => troubles.length > 0).length;
  if (options.json) print(JSON.stringify({ seed: options.seed, seconds, bad, rows }));
  else {
    print();
    printTable(rows);
    print(`\n${sentenceOf(rows.length, bad)} ${seconds} s, seed ${options.seed}`);
  }
  return bad === 0 ? 0 : 1;
}

async function runAll({ engines, only, ...options }: Options, onRow: (row: Row) => void): Promise<Row[]> {
  const rows: Row[] = [];
  for (const engine of engines)
    for (const name of only)
      await SECTIONS[name]({ ...options, engine }, (row) => {
        rows.push(row);
        onRow(row);
      });
  return rows;
}

function sentenceOf(rows: number, bad: number): string {
  return bad === 0 ? paint("green", `All ${rows} results are ok.`) : paint("red", `${bad} of ${rows} results are BAD.`);
}
