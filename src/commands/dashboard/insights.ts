import { eventNameOf } from "../../contracts/report.ts";

/** A chart of the dashboard. */
export interface WantedInsight {
  /** Identifies the chart at PostHog, independent of its name. */
  id: string;
  name: string;
  description: string;
  query: object;
}

/** The facts about a workflow that its charts need. */
export interface Measured {
  id: string;
  name: string;
  category: "marketing" | "transactional";
  /** The events that end a run. The charts count them as conversions. */
  exitEvents: string[];
  /** The PostHog flag of the workflow's holdout; null without a holdout. */
  holdout: string | null;
}

const SENT = eventNameOf("sent");
const SKIPPED = eventNameOf("skipped");
const HELD_OUT = [eventProperty("reason", "held out")];
/** A conversion within this time after a message counts as an effect of the message. */
const WINDOW = { funnelWindowInterval: 14, funnelWindowIntervalUnit: "day" };
const A_QUARTER = { date_from: "-90d" };

/**
 * The charts for these workflows. `everywhere` is the PostHog flag of the holdout from all marketing. Source of the
 * queries: https://posthog.com/docs/api/insights and https://posthog.com/docs/api/query
 */
export function wantedInsights(workflows: Measured[], everywhere: string | undefined): WantedInsight[] {
  const converting = workflows.filter(({ exitEvents }) => exitEvents.length > 0);
  return [
    ...converting.map(funnel),
    reasons(),
    people(),
    ...converting.filter((workflow) => isHeldOut(workflow, everywhere)).map(lift),
  ];
}

function isHeldOut({ category, holdout }: Measured, everywhere: string | undefined): boolean {
  return holdout !== null || (category === "marketing" && everywhere !== undefined);
}

function funnel({ id, name, exitEvents }: Measured): WantedInsight {
  return {
    id: `funnel:${id}`,
    name: `${name}: from notification to conversion`,
    description: `Of the people who were sent a message of ${id}, those who then did: ${exitEvents.join(", ")}.`,
    query: chart({
      kind: "FunnelsQuery",
      series: [anEvent([SENT], [eventProperty("workflow", id)]), anEvent(exitEvents)],
      dateRange: A_QUARTER,
      funnelsFilter: { funnelVizType: "steps", funnelOrderType: "ordered", ...WINDOW },
    }),
  };
}

function reasons(): WantedInsight {
  return {
    id: "reasons",
    name: "Why messages were not sent",
    description: "Skipped messages by their one reason.",
    query: chart({
      kind: "TrendsQuery",
      series: [anEvent([SKIPPED])],
      interval: "day",
      dateRange: A_QUARTER,
      breakdownFilter: { breakdown: "reason", breakdown_type: "event" },
      trendsFilter: { display: "ActionsBar" },
    }),
  };
}

function people(): WantedInsight {
  return {
    id: "held-out",
    name: "Held out against treated: people",
    description: "How many people a holdout's flag kept from a message, and how many got one.",
    query: chart({
      kind: "TrendsQuery",
      series: [
        { ...anEvent([SENT]), math: "dau", custom_name: "treated" },
        { ...anEvent([SKIPPED], HELD_OUT), math: "dau", custom_name: "held out" },
      ],
      interval: "week",
      dateRange: A_QUARTER,
      trendsFilter: { display: "ActionsLineGraph" },
    }),
  };
}

function lift({ id, name, exitEvents }: Measured): WantedInsight {
  const isHeldOut = "properties.reason = 'held out'";
  return {
    id: `lift:${id}`,
    name: `${name}: held out against treated`,
    description: `People who did ${exitEvents.join(", ")} after a message of ${id}, and people who did so after being held out.`,
    query: chart({
      kind: "FunnelsQuery",
      series: [
        anEvent([SENT, SKIPPED], [eventProperty("workflow", id), hogQL(`event = ${quoted(SENT)} or ${isHeldOut}`)]),
        anEvent(exitEvents),
      ],
      dateRange: A_QUARTER,
      breakdownFilter: { breakdown: `if(${isHeldOut}, 'held out', 'treated')`, breakdown_type: "hogql" },
      funnelsFilter: {
        funnelVizType: "steps",
        funnelOrderType: "ordered",
        breakdownAttributionType: "step",
        breakdownAttributionValue: 0,
        ...WINDOW,
      },
    }),
  };
}

function chart(source: object): object {
  return { kind: "InsightVizNode", source };
}

/** A series of any of these events. PostHog's series have one name, so several names become a filter on every event. */
function anEvent(names: string[], properties: object[] = []) {
  const [name = ""] = names;
  if (names.length === 1) return { kind: "EventsNode", event: name, name, properties };
  const isOne = hogQL(`event in (${names.map(quoted).join(", ")})`);
  return { kind: "EventsNode", event: null, name: names.join(" or "), properties: [isOne, ...properties] };
}

function eventProperty(key: string, value: string): object {
  return { type: "event", key, value: [value], operator: "exact" };
}

function hogQL(key: string): object {
  return { type: "hogql", key, value: null };
}

function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, "\\$&")}'`;
}
