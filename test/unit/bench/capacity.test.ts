import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { DEFAULTS, MEASURED, readCosts } from "../../bench/capacity-input.ts";
import {
  type Costs,
  cpuOf,
  limitsOf,
  priceAtNovu,
  processesOf,
  requestsOf,
  type Usage,
  workOf,
} from "../../bench/capacity-model.ts";
import { markdownOf, tablesOf } from "../../bench/capacity-tables.ts";
import { REFERENCE, WORK } from "../../bench/work.ts";

const MONTH_S = 30 * 24 * 60 * 60;
/** One event, one run, two messages and one wait for each person. */
const usage: Usage = { people: 1_000, events: 3, runs: 1, messages: 2, calls: 3, peak: 2, busy: 0.5 };
const costs = Object.fromEntries(
  [...WORK, REFERENCE].map((work) => [work, { appMicros: 100, postgresMicros: 10 }]),
) as Costs;

describe("the capacity", () => {
  it("counts the work of a person", () => {
    expect(workOf(usage)).toEqual({
      ...{ "start event": 1, "other event": 2, trigger: 1, exit: 2, email: 2, note: 0, delay: 1, receipt: 2 },
    });
    expect(cpuOf(usage, costs)).toEqual({ app: 1_100, postgres: 110 });
  });

  it("is a share of a core by the CPU of a person in the busiest hour", () => {
    const [one, four] = processesOf(usage, costs);
    // 11 pieces of work, twice in the busiest hour, fill half of a core.
    expect(one?.people).toBeCloseTo((0.5 * 1e6 * MONTH_S) / (2 * 1_100));
    expect(one?.postgresCores).toBeCloseTo(0.05);
    expect(one?.eventsPerSecond).toBeCloseTo((3 * 0.5 * 1e6) / 1_100);
    expect(four?.people).toBeCloseTo(4 * (one?.people ?? 0));
  });

  it.each([
    ["free", 10_000, 0],
    ["free", 10_001, null],
    ["pro", 30_000, 30],
    ["pro", 40_000, 42],
    ["team", 250_000, 250],
    ["team", 1_250_000, 1_450],
    ["enterprise", 1, null],
  ] as const)("costs on the plan %s with %i runs: %s", (plan, runs, price) => {
    expect(priceAtNovu(plan, runs)).toBe(price);
  });

  it("has the requests with and without sharing", () => {
    const found = requestsOf(usage).map(({ request, least, most }) => [request, least, most]);
    expect(found).toEqual([
      ["webhook deliveries of PostHog", 3_000, 3_000],
      ["bridge calls of Novu", 3_000, 3_000],
      ["triggers", 1_000, 1_000],
      ["reads of messages, for receipts", 80, 2_000],
      ["reads of persons", 10, 4_000],
      ["batches of reports", 30, 3_000],
      ["events in these batches", 3_000, 3_000],
      ["reads of flags, with a holdout or an experiment", 0, 2_000],
    ]);
  });

  it("has the lowest limit first, of the month and of the busiest hour", () => {
    const limits = limitsOf(usage, costs);
    const of = (limit: string) => limits.find((one) => one.limit === limit)?.people;
    expect(of("Novu free: 10,000 runs a month")).toBe(10_000);
    // 54 of 60 triggers a second, in an hour with twice the mean.
    expect(of("Novu free: 60 triggers a second")).toBeCloseTo((54 * MONTH_S) / 2);
    // A read has up to 25 runs, so the reads come later.
    expect(of("Novu free: 30 reads a second")).toBeUndefined();
    expect(of("one process of this app")).toBeCloseTo((0.5 * 1e6 * MONTH_S) / (2 * 1_100));
    // 240 reads a minute, but 12 for triggers and 4 before messages.
    expect(of("PostHog: 240 reads of persons a minute")).toBeCloseTo(((224 / 60) * MONTH_S) / 4, -1);
    // 1,200 reads an hour, but 240 before messages: the others are for as many triggers and twice as many messages.
    expect(of("PostHog: 1,200 reads of persons an hour, in its documentation")).toBeCloseTo((960 / 3 / 2) * 720, -1);
    expect(limits.map(({ people }) => people)).toEqual(limits.map(({ people }) => people).sort((a, b) => a - b));
  });
});

describe("the guide of the capacity", () => {
  const guide = readFileSync(new URL("../../../.github/guides/capacity.md", import.meta.url), "utf8");
  const defaults = Object.fromEntries(Object.entries(DEFAULTS).map(([name, { value }]) => [name, value]));
  const tables = tablesOf(defaults as unknown as Usage, readCosts(MEASURED));

  it.each(Object.entries(tables))("has the table %s of npm run bench:capacity", (_title, rows) => {
    expect(guide).toContain(`\n${markdownOf(rows)}\n`);
  });

  it("has no other large figures and prices in its text than those of the tables and of the measurement", () => {
    const text = guide.split("\n").filter((line) => !line.startsWith("|"));
    const figures = text.join("\n").match(/\$?\d{1,3}(?:,\d{3})+|\$\d+/g) ?? [];
    const measured = readFileSync(MEASURED, "utf8").match(/\d+/g) ?? [];
    const known = [JSON.stringify(tables), ...measured.map((figure) => Number(figure).toLocaleString("en-US"))].join(
      " ",
    );
    expect(figures.length).toBeGreaterThan(5);
    expect(figures.filter((figure) => !known.includes(figure.replace(/^\$/, "")))).toEqual([]);
  });
});
