import type { StartRow } from "./start-up.ts";
import type { WebhookRow } from "./webhook.ts";

/** A target of this benchmark and its result in this run. */
export interface Verdict {
  figure: string;
  measured: number;
  /** "at least" or "at most", and the target. */
  target: string;
  verdict: "met" | "missed";
}

/** The least accepted events a second, as a share of the same run's bare server and plain Express. */
const WEBHOOK_TARGETS: Array<{ engine: string; ofBare: number; ofExpress: number }> = [
  { engine: "SQLite", ofBare: 0.5, ofExpress: 1.4 },
  { engine: "PostgreSQL", ofBare: 0.4, ofExpress: 1.1 },
];
/** The number of connections at which the targets count. */
const JUDGED_AT = 64;

/** The targets of the webhook, for the measured engines. */
export function webhookVerdicts(rows: WebhookRow[]): Verdict[] {
  const judged = rows.filter(({ connections }) => connections === JUDGED_AT);
  const express = judged.find(({ name }) => name === "Express");
  return judged.flatMap((row) => {
    const target = WEBHOOK_TARGETS.find(({ engine }) => row.name.startsWith(`ours, ${engine}`));
    if (target === undefined || express === undefined) return [];
    return [
      atLeast(`${row.name}: events/s, of bare node:http`, row.ofBare, target.ofBare),
      atLeast(`${row.name}: events/s, of plain Express`, row.ofExpress, target.ofExpress),
      atMost(`${row.name}: p99 in ms, plain Express as target`, row.p99Ms, express.p99Ms),
    ];
  });
}

/** The targets of a start; that of the memory is for SQLite. */
export function startVerdicts(rows: StartRow[]): Verdict[] {
  return rows.flatMap(({ name, readyMs, idleMb }) => [
    atMost(`${name}: ready in ms`, readyMs, 800),
    ...(name.startsWith("ours, SQLite") ? [atMost(`${name}: idle memory in MB`, idleMb, 130)] : []),
  ]);
}

function atLeast(figure: string, measured: number, target: number): Verdict {
  return { figure, measured, target: `at least ${target}`, verdict: measured >= target ? "met" : "missed" };
}

export function atMost(figure: string, measured: number, target: number): Verdict {
  return { figure, measured, target: `at most ${target}`, verdict: measured <= target ? "met" : "missed" };
}
