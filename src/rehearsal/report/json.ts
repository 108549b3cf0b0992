import type { Report } from "./compare.ts";
import { leadOf } from "./lead.ts";
import type { Pen } from "./pen.ts";

const PLAIN: Pen = { code: (id) => id, bold: (words) => words, text: (words) => words };

/** The report as one JSON object, which begins with the lead in words. Times are in ISO 8601, durations in milliseconds. */
export function reportJson(report: Report): string {
  const { now, against } = report;
  return JSON.stringify({
    lead: leadOf(report, PLAIN),
    ...report,
    now: { ...now, facts: withIsoTimes(now.facts) },
    against: against && { ...against, facts: withIsoTimes(against.facts) },
    comparison: report.comparison && { ...report.comparison, sample: withIsoTimes(report.comparison.sample) },
  });
}

const TIMES = new Set(["at", "endedAt", "from", "until"]);

function withIsoTimes(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (key, inner) =>
    TIMES.has(key) && typeof inner === "number" ? new Date(inner).toISOString() : inner,
  );
}
