import createHogQLParser from "@posthog/hogql-parser";
import { describe, expect, it } from "vitest";
import { QUERIES } from "../../../src/sources/posthog/hogql.ts";

const parser = await createHogQLParser();
const parse = (text: string) => JSON.parse(parser.parseSelect(text, true)) as Record<string, unknown>;

/** By query: its placeholders, and its columns in the order in which the rows are read. */
const EXPECTED = {
  absences: {
    placeholders: ["after", "from", "limit", "sessions", "since", "until"],
    columns: ["argMaxIf", "last_seen_at", "person_key"],
  },
  members: {
    placeholders: ["after", "cohort", "limit", "since"],
    columns: ["argMaxIf", "groupUniqArrayIf", "person_key"],
  },
  remaining: {
    placeholders: ["cohort", "ids", "limit"],
    columns: ["distinct_id"],
  },
  history: {
    placeholders: ["after", "events", "from", "limit", "until"],
    columns: ["uuid", "event", "distinct_id", "timestamp", "properties", "person.id", "person.properties"],
  },
  hours: {
    placeholders: ["events", "limit", "since", "until"],
    columns: ["event", "hour", "number"],
  },
  newest: {
    placeholders: ["event", "limit", "since", "until"],
    columns: ["uuid", "event", "distinct_id", "timestamp", "properties", "person.id", "person.properties"],
  },
};

describe.each(Object.keys(EXPECTED) as Array<keyof typeof EXPECTED>)("the HogQL of %s", (name) => {
  const query = parse(QUERIES[name].text);

  it("is a query to PostHog's own parser", () => {
    expect(query).toMatchObject({ node: "SelectQuery" });
  });

  it("has a placeholder for each value, and reads these columns", () => {
    expect([...new Set(placeholdersIn(query))].sort()).toEqual(EXPECTED[name].placeholders);
    expect((query.select as unknown[]).map(nameOf)).toEqual(EXPECTED[name].columns);
  });

  it("has no OFFSET, which PostHog refuses to personal API keys", () => {
    expect(query.offset ?? null).toBeNull();
  });
});

it("the parser finds mistakes", () => {
  expect(parse(QUERIES.history.text.replace("order by", "ordered by"))).toHaveProperty("error");
});

// biome-ignore lint/suspicious/noExplicitAny: the nodes of a syntax tree
type Node = any;

function placeholdersIn(node: Node): string[] {
  if (typeof node !== "object" || node === null) return [];
  const own = node.node === "Placeholder" ? [node.expr.chain.join(".")] : [];
  return [...own, ...Object.values(node).flatMap(placeholdersIn)];
}

function nameOf(column: Node): string {
  return column.alias ?? column.chain?.join(".") ?? column.name;
}
