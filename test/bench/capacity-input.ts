import { readFileSync } from "node:fs";
import { z } from "zod";
import type { Costs, Usage } from "./capacity-model.ts";
import { REFERENCE, WORK, type Work } from "./work.ts";

const Measured = z.object({
  costs: z.array(
    z.object({
      work: z.enum([REFERENCE, ...WORK]),
      processes: z.number(),
      appMicros: z.number(),
      postgresMicros: z.number().nullable(),
    }),
  ),
});
type Row = z.infer<typeof Measured>["costs"][number];

/** The last measured figures, by `npm run bench -- costs --json`. */
export const MEASURED = new URL("measured.json", import.meta.url);

/** The figures that stand in for the reader's own, each with its reason. */
export const DEFAULTS: { [Name in keyof Usage]: { value: number; reason: string } } = {
  people: { value: 1_000_000, reason: "people a month with an event that reaches the webhook" },
  events: { value: 5.6, reason: "events of each of them; in the history of bench:rehearsal, 1,000 of 178 people" },
  runs: { value: 1.9, reason: "runs of each of them; 335 in the rehearsal of that history" },
  messages: { value: 2.1, reason: "messages of a run, sent or not; 700 in that rehearsal" },
  calls: { value: 4.7, reason: "steps of a run; the mean of the workflows here from the Pro plan on, by their runs" },
  peak: { value: 4, reason: "busiest hour by the mean; the sending hours alone make 2.2, and no hour is the mean" },
  busy: { value: 0.6, reason: "share of a core that a process may use in that hour; the rest is for bursts" },
};

/** Throws if the file is not from `npm run bench -- costs --json`. */
export function readCosts(file: string | URL): Costs {
  const { costs } = Measured.parse(JSON.parse(readFileSync(file, "utf8")));
  return Object.fromEntries(([...WORK, REFERENCE] as const).map((work) => [work, costOf(work, costs)])) as Costs;
}

function costOf(work: keyof Costs, rows: Row[]): Costs[Work] {
  const row = rows.find((one) => one.work === work && one.processes === 1);
  if (row === undefined) throw new Error(`the measured file has no "${work}" with one process`);
  if (row.postgresMicros === null) throw new Error("PostgreSQL's CPU was not measured, because it ran elsewhere");
  return { appMicros: row.appMicros, postgresMicros: row.postgresMicros };
}
