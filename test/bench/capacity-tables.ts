import { NOVU_PLANS, NovuPlan } from "../../src/contracts/novu.ts";
import {
  type Costs,
  cpuOf,
  grouped,
  limitsOf,
  priceAtNovu,
  processesOf,
  requestsOf,
  type Usage,
  workOf,
} from "./capacity-model.ts";
import { REFERENCE, type Work } from "./work.ts";

/** Bridge calls of a run on the Free plan, where a wait of more than a day has several delay steps. */
const CALLS_ON_FREE = 5.9;
/** Plans whose prices are known for every number of runs. */
const PRICED: NovuPlan = "team";

const NAMES: Record<Work, string> = {
  "start event": "an event that starts a run",
  "other event": "an event that starts none",
  trigger: "a trigger",
  exit: "the exit job of an event that may end runs",
  email: "an email step",
  note: "a step of an in-app note",
  delay: "a delay step",
  receipt: "a receipt and its report",
};

/** A table by its title. */
export type Tables = Record<string, Array<Record<string, string>>>;

/** All tables, with every figure rounded to what the model can say. */
export function tablesOf(usage: Usage, costs: Costs): Tables {
  return {
    Processes: processesOf(usage, costs).map((row) => ({
      processes: String(row.processes),
      "active people a month": rounded(row.people),
      "events/s": rounded(row.eventsPerSecond),
      "runs/s": rounded(row.runsPerSecond),
      "messages/s": rounded(row.messagesPerSecond),
      "cores of PostgreSQL": rounded(row.postgresCores),
    })),
    Limits: limitsOf(usage, costs).map(({ limit, people }) => ({ limit, "active people a month": rounded(people) })),
    Price: NovuPlan.options.map((plan) => ({
      plan,
      "runs included": runsIncluded(plan),
      ...Object.fromEntries(
        [usage.people / 100, usage.people / 10, usage.people].map((people) => [
          `${grouped(people)} people`,
          dollars(priceAtNovu(plan, people * usage.runs)),
        ]),
      ),
    })),
    Requests: requestsOf(usage).map(({ at, request, least, most, free }) => ({
      at,
      request,
      "a month": least === most ? rounded(most) : `${rounded(least)} to ${rounded(most)}`,
      "of them free at PostHog": free === undefined ? "" : grouped(free),
    })),
    Settings: settingsOf(usage, costs),
    CPU: [
      ...(Object.entries(workOf(usage)) as Array<[Work, number]>).map(([work, times]) => ({
        "CPU of": NAMES[work],
        "app, µs": grouped(costs[work].appMicros),
        "PostgreSQL, µs": grouped(costs[work].postgresMicros),
        "times for a person in a month": times === 0 ? "0" : rounded(times),
      })),
      {
        "CPU of": "an event on a plain Express route, in the same run",
        "app, µs": grouped(costs[REFERENCE].appMicros),
      },
    ],
  };
}

/** The effect of some changes of workflows and settings. */
function settingsOf(usage: Usage, costs: Costs): Array<Record<string, string>> {
  const { events, runs, messages, calls } = usage;
  const others = Math.max(0, events - runs);
  const changes: Array<[change: string, changed: Partial<Usage>]> = [
    ["a tenth fewer runs, by `where`, `entry` or `occurrence`", { runs: 0.9 * runs, events }],
    ["half of the events that start nothing, by the filters of PostHog's destination", { events: runs + others / 2 }],
    [
      "one message and one wait less in each run",
      { messages: Math.max(0, messages - 1), calls: Math.max(0, calls - 2) },
    ],
    ["`NOVU_PLAN=free`, with more steps for each long wait", { calls: CALLS_ON_FREE }],
    ["a `step.waitFor` in each run", { runs: 2 * runs, messages: messages / 2, calls: calls / 2 }],
  ];
  const before = figuresOf(usage, costs);
  return changes.map(([change, changed]) => {
    const after = figuresOf({ ...usage, ...changed }, costs);
    return {
      change,
      [`Novu ${PRICED}, dollars a month`]: difference(after.price, before.price),
      "bridge calls": percent(after.calls, before.calls),
      "reads of persons": percent(after.reads, before.reads),
      "CPU of the app": percent(after.app, before.app),
    };
  });
}

function figuresOf(usage: Usage, costs: Costs) {
  const requests = requestsOf(usage);
  const most = (request: string) => requests.find((one) => one.request === request)?.most ?? 0;
  return {
    price: priceAtNovu(PRICED, usage.people * usage.runs) ?? 0,
    calls: most("bridge calls of Novu"),
    reads: most("reads of persons"),
    app: cpuOf(usage, costs).app,
  };
}

/** A table in Markdown. */
export function markdownOf(rows: Array<Record<string, string>>): string {
  const heads = Object.keys(rows[0] ?? {});
  const lineOf = (cells: string[]) => `| ${cells.join(" | ")} |`;
  const lines = rows.map((row) => lineOf(heads.map((head) => row[head] ?? "")));
  return [lineOf(heads), `|${heads.map(() => "---|").join("")}`, ...lines].join("\n");
}

/** Two significant figures, because the model is not more exact. */
function rounded(figure: number): string {
  return grouped(Number(figure.toPrecision(2)));
}

function dollars(price: number | null): string {
  return price === null ? "–" : `$${grouped(Math.round(price))}`;
}

function runsIncluded(plan: NovuPlan): string {
  const { runsPerMonth } = NOVU_PLANS[plan];
  return runsPerMonth === null ? "by contract" : grouped(runsPerMonth);
}

function difference(after: number, before: number): string {
  const change = Math.round(after - before);
  return change === 0 ? "0" : `${change > 0 ? "+" : "−"}${grouped(Math.abs(change))}`;
}

function percent(after: number, before: number): string {
  const change = Math.round((100 * (after - before)) / before);
  return change === 0 ? "0" : `${change > 0 ? "+" : "−"}${Math.abs(change)} %`;
}
