import { defineCommand, UsageError } from "../../src/lib/command.ts";
import { runAsMain } from "../../src/lib/run-as-main.ts";
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

const NUMBERS = Object.fromEntries(NAMES.map((name) => [name, { type: "string" }])) as Record<
  keyof Usage,
  { type: "string" }
>;

const command = defineCommand({
  name: "bench:capacity",
  help: HELP,
  options: { ...NUMBERS, measured: { type: "string" } },
  async run({ options: { measured, json, ...given }, io }) {
    const tables = tablesOf(usageOf(given), readCosts(measured ?? MEASURED));
    if (json) io.print(JSON.stringify(tables));
    else for (const [title, rows] of Object.entries(tables)) io.print(`${title}\n\n${markdownOf(rows)}\n`);
    return 0;
  },
});

await runAsMain(command, import.meta.url);

function usageOf(given: Partial<Record<keyof Usage, string | undefined>>): Usage {
  return Object.fromEntries(
    NAMES.map((name) => {
      const value = Number(given[name] ?? DEFAULTS[name].value);
      if (!(value > 0 && value < Number.POSITIVE_INFINITY))
        throw new UsageError(`--${name} has to be a number above 0`);
      return [name, value];
    }),
  ) as unknown as Usage;
}
