import { createHash } from "node:crypto";
import { Router } from "express";
import { z } from "zod";
import type { Clock } from "../../lib/clock.ts";
import { DAY_MS, SECOND_MS } from "../../lib/durations.ts";
import { parseJson } from "../../lib/json.ts";
import { invalid, pageOf } from "./answers.ts";
import type { CapturedEvent, PostHogState } from "./state.ts";

type PropertyType = "String" | "Numeric" | "Boolean" | "DateTime";
type Kind = "event" | "person";

const PropertyQuery = z.object({
  type: z.enum(["event", "person", "group", "session"]).default("event"),
  event_names: z.preprocess((text) => (text === undefined ? [] : parseJson(String(text))), z.array(z.string())),
  filter_by_event_names: z.enum(["true", "false"]).default("false"),
});

/**
 * The definitions of events and properties, made of the captured events. PostHog keeps a definition when its events
 * are deleted; here it is deleted with its last event.
 */
export function definitionRoutes(state: PostHogState, clock: Clock): Router {
  return Router({ mergeParams: true })
    .get("/event_definitions", ({ query }, response) => {
      const found = eventDefinitions(state).filter(({ name }) => matches(name, query.search));
      response.json(pageOf("event_definitions", found, query));
    })
    .get("/property_definitions", ({ query }, response) => {
      const read = PropertyQuery.safeParse(query);
      if (!read.success) return void response.status(400).json(invalid(read.error));
      const { type, event_names: names, filter_by_event_names: isFiltered } = read.data;
      const isFor = (events: Set<string>) => names.some((name) => events.has(name));
      const found = (type === "event" || type === "person" ? propertyDefinitions(state, type, clock.now()) : [])
        .filter(({ name }) => matches(name, query.search))
        .filter(({ events }) => isFiltered === "false" || names.length === 0 || isFor(events))
        .map(({ events, ...one }) => ({ ...one, is_seen_on_filtered_events: names.length > 0 ? isFor(events) : null }));
      response.json(pageOf("property_definitions", found, query));
    });
}

function eventDefinitions({ events }: PostHogState) {
  const all = new Map<string, { created_at: string; last_seen_at: string }>();
  for (const { event, capturedAt } of events) {
    const { created_at = capturedAt, last_seen_at = capturedAt } = all.get(event) ?? {};
    all.set(event, { created_at, last_seen_at: capturedAt > last_seen_at ? capturedAt : last_seen_at });
  }
  return [...all].sort(byName).map(([name, times]) => ({ id: idOf("event", name), name, ...times, tags: [] }));
}

/** Properties of the ingestion, which have no definition. */
const WITHOUT_DEFINITION = /^(distinct_id|\$set|\$set_once|\$unset|\$groups|\$group_(type|key|set|\d))$/;

/** The first value with a type decides the type for ever, as at PostHog. */
function propertyDefinitions({ events }: PostHogState, kind: Kind, now: number) {
  const all = new Map<string, { type: PropertyType | null; events: Set<string> }>();
  for (const { event, properties } of events)
    for (const [name, value] of entriesOf(properties, kind)) {
      const one = all.get(name) ?? { type: null, events: new Set() };
      one.type ??= typeOf(name, value, now);
      one.events.add(event);
      all.set(name, one);
    }
  return [...all].sort(byName).map(([name, { type, events }]) => ({
    ...{ id: idOf(kind, name), name, is_numerical: type === "Numeric", property_type: type, tags: [] },
    events: kind === "event" ? events : new Set<string>(),
  }));
}

function entriesOf(properties: CapturedEvent["properties"], kind: Kind): Array<[name: string, value: unknown]> {
  if (kind === "event") return Object.entries(properties).filter(([name]) => !WITHOUT_DEFINITION.test(name));
  const { $set, $set_once } = properties;
  return [$set, $set_once].flatMap((set) => (typeof set === "object" && set !== null ? Object.entries(set) : []));
}

/** PostHog's rules. Source: rust/property-defs-rs/src/types.rs in PostHog's repository. */
function typeOf(name: string, value: unknown, now: number): PropertyType | null {
  if (/^(\$initial_)?utm_|^\$feature\/|^\$feature_flag_response$|^\$survey_response/i.test(name)) return "String";
  if (typeof value === "number") {
    const isTime = /time|date|[_-]at|createdat|updatedat/i.test(name) && value >= (now - HALF_A_YEAR_MS) / SECOND_MS;
    return isTime && Number.isInteger(value) ? "DateTime" : "Numeric";
  }
  if (typeof value === "boolean") return "Boolean";
  if (typeof value !== "string") return null;
  if (/^\s*(true|false|TRUE|FALSE)\s*$/.test(value)) return "Boolean";
  return DATE.test(value.trim()) ? "DateTime" : "String";
}

const HALF_A_YEAR_MS = 182.5 * DAY_MS;
const DATE =
  /^(\d{4}[/-][0-2]\d[/-][0-3]\d|[0-2]\d[/-][0-3]\d[/-]\d{4})([ T][0-2]\d:[0-6]\d:[0-6]\d.*)?$|^([A-Z][a-z]{2}, )?\d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d/;

/** Every word of the search has to be in the name. */
function matches(name: string, search: unknown): boolean {
  const words = typeof search === "string" ? search.toLowerCase().split(/\s+/) : [];
  return words.every((word) => name.toLowerCase().includes(word));
}

function byName([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : 1;
}

/** A uuid that stays the same from call to call. */
function idOf(kind: string, name: string): string {
  const hex = createHash("sha256").update(`${kind} ${name}`).digest("hex");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, "$1-$2-$3-$4-$5");
}
