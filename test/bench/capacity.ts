import { parseArgs } from "node:util";
import { print } from "../../src/lib/command-io.ts";
import { DEFAULTS, MEASURED, readCosts } from "./capacity-input.ts";
import type { Usage } from "./capacity-model.ts";
import { markdownOf, tablesOf } from "./capacity-tables.ts";

const NAMES = Object.keys(DEFAULTS) as Array<keyof Usage>;

const HELP = `npm run bench:capacity -- [options]

Computes what the app carries on PostgreSQL, which limit of Novu and PostHog comes first, what a month costs there,
and which settings change that: the tables of .github/guides/capacity.md. It measures nothing and calls no service.

${NAMES.map((name) => `  --${`${name} N`.padEnd(12)}${DEFAULTS[name].reason} (${DEFAULTS[name].value})`).join("\n")}
  --measured FILE
              the output of npm run bench -- costs --json on your machine; by default the last one of ours
  --json      print one JSON object
  --help

The model: one process uses one core. The CPU of each piece of work is that of the measurement, with one process. The
hours of a month have its mean load, but for the busiest one, which is even within. Several processes share the work
evenly, and need no more CPU for it than one.`;

const { values } = parseArgs({
  options: {
    ...Object.fromEntries(NAMES.map((name) => [name, { type: "string" as const }])),
    measured: { type: "string" },
    json: { type: "boolean" },
    help: { type: "boolean" },
  },
});
if (values.help) print(HELP);
else show();

function show(): void {
  const { measured } = values as { measured?: string };
  const tables = tablesOf(usageOf(values), readCosts(measured ?? MEASURED));
  if (values.json) print(JSON.stringify(tables));
  else for (const [title, rows] of Object.entries(tables)) print(`${title}\n\n${markdownOf(rows)}\n`);
}

function usageOf(given: Record<string, unknown>): Usage {
  return Object.fromEntries(
    NAMES.map((name) => {
      const value = given[name] === undefined ? DEFAULTS[name].value : Number(given[name]);
      if (!(value > 0)) throw new Error(`--${name} has to be a number above 0`);
      return [name, value];
    }),
  ) as unknown as Usage;
}
