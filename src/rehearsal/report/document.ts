import type { SideFacts } from "../outcome.ts";
import { changeLines } from "./change-sentences.ts";
import type { Report } from "./compare.ts";
import { isComparing, type Lead, leadOf, periodOf, unusedWords } from "./lead.ts";
import { counted, digits, inWords, type Pen, people, sideName } from "./pen.ts";
import { sameWorkflows, type Table, totalsTable, workflowTables } from "./tables.ts";
import { timelineOf } from "./timeline.ts";

/** The address of a person's page in the studio of a side; null if no studio shows it. */
export type LinkTo = (side: "against" | "now", person: string) => string | null;

/** A report in words, for a terminal or as Markdown. */
export interface Document extends Lead {
  /** Every change, if the lead leaves some out. */
  changes: string[];
  totals: Table;
  workflows: Table[];
  /** Sentences about the workflows without a difference, and those without a run. */
  others: string[];
  sample: Array<{ timeline: Table; links: string[] }>;
  limits: string[];
  made: string[];
}

export function documentOf(report: Report, pen: Pen, linkTo: LinkTo = () => null): Document {
  const lead = leadOf(report, pen);
  const changes = isComparing(report) ? changeLines(report, pen) : [];
  const same = sameWorkflows(report).map(pen.code);
  const unused = unusedWords(report, pen);
  const sample = isComparing(report) ? report.comparison.sample : [];
  return {
    ...lead,
    changes: changes.length > lead.largest.filter((line) => line !== unused).length ? changes : [],
    totals: totalsTable(report, pen),
    workflows: workflowTables(report, pen),
    others: [
      ...(same.length === 0 ? [] : [`Without a difference: ${inWords(same)}.`]),
      ...(unused === null || lead.largest.includes(unused) ? [] : [unused]),
    ],
    sample: sample.map((one) => ({
      timeline: timelineOf(one, report as Parameters<typeof timelineOf>[1], pen),
      links: (["against", "now"] as const).flatMap((side) => linkTo(side, one.person) ?? []),
    })),
    limits: [...new Set([...report.now.facts.limits, ...(report.against?.facts.limits ?? [])])].map(pen.text),
    made: madeOf(report, pen),
  };
}

function madeOf({ now, against, comparison }: Report, pen: Pen): string[] {
  const { facts } = now;
  const history = `${counted(facts.events, "event")} of ${people(facts.people)}`;
  const sides = against === null ? [facts] : [against.facts, facts];
  const lines = [
    `The history has ${history}, from ${minute(facts.from)} to ${minute(facts.until)} (${periodOf(facts)}).`,
    ...sides.map((side) => `The rehearsal of ${sideName(pen, side)} took ${seconds(side)}${memory(side)}.`),
    "Night is from 22:00 to 07:00 by the person's clock. In-app notes do not count for the night, nor for messages in 7 days.",
  ];
  if (comparison !== null) lines.push("Times that differ by less than a minute count as the same.");
  return lines;
}

/** "2026-03-02 10:00 UTC" */
function minute(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

function seconds({ seconds }: SideFacts): string {
  return counted(Number(seconds.toFixed(seconds < 10 ? 1 : 0)), "second");
}

function memory({ memory }: SideFacts): string {
  return memory === 0 ? "" : ` and ${digits(Math.ceil(memory / 2 ** 20))} MB of memory`;
}
