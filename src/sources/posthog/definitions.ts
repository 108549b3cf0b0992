import { z } from "zod";
import { SECOND_MS } from "../../lib/durations.ts";
import { type RetryOptions, withRetries } from "../../lib/service-client.ts";
import { createPostHogClient, type PostHogAccess } from "./client.ts";

const ANSWER_WITHIN_MS = 10 * SECOND_MS;
const IN_PAGE = 1_000;
/** A project with more names has made them by mistake, and a nearest name among them would be chance. */
const MOST_PAGES = 20;

const EventDefinition = z.object({ name: z.string(), last_seen_at: z.iso.datetime({ offset: true }).nullish() });
const PropertyDefinition = z.object({ name: z.string(), property_type: z.string().nullish() });

const SCOPES = {
  event_definitions: "event_definition:read",
  property_definitions: "property_definition:read",
} as const;

/**
 * The names that PostHog has ever seen in this project.
 * Source: https://posthog.com/docs/api/event-definitions, https://posthog.com/docs/api/property-definitions
 */
export function createPostHogDefinitions(access: PostHogAccess, { pageSize = IN_PAGE }: { pageSize?: number } = {}) {
  const call = createPostHogClient(access);
  return {
    /**
     * When each event was last seen, in milliseconds since 1970, by its name; null if PostHog does not say. Of very many
     * events, some are left out, but none of `names`.
     */
    async events(names: string[], retries: RetryOptions): Promise<Map<string, number | null>> {
      const { found, isAll } = await pages("event_definitions", {}, EventDefinition, retries);
      const known = new Set(found.map(({ name }) => name));
      for (const search of isAll ? [] : names.filter((name) => !known.has(name)))
        found.push(...(await pages("event_definitions", { search }, EventDefinition, retries)).found);
      return new Map(found.map(({ name, last_seen_at: at }) => [name, at == null ? null : Date.parse(at)]));
    },

    /**
     * PostHog's type of each property, by its name: String, Numeric, Boolean or DateTime; null if it has none. PostHog
     * keeps the type of the first value that it saw. It has one type for all events.
     */
    async properties(of: { event: string } | "person", retries: RetryOptions): Promise<Map<string, string | null>> {
      const query =
        of === "person"
          ? { type: "person" }
          : { type: "event", event_names: JSON.stringify([of.event]), filter_by_event_names: "true" };
      const { found, isAll } = await pages("property_definitions", query, PropertyDefinition, retries);
      if (!isAll) throw new Error(`PostHog has more than ${found.length} names`);
      return new Map(found.map(({ name, property_type: type = null }) => [name, type]));
    },
  };

  async function pages<Item>(
    list: keyof typeof SCOPES,
    query: Record<string, string>,
    item: z.ZodType<Item>,
    retries: RetryOptions,
  ): Promise<{ found: Item[]; isAll: boolean }> {
    const found: Item[] = [];
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const search = new URLSearchParams({ ...query, limit: String(pageSize), offset: String(found.length) });
      const { results, next } = await withRetries(
        () =>
          call({
            path: `/${list}/?${search}`,
            answer: z.object({ results: z.array(item), next: z.string().nullish() }),
            unreadable: () => "has no list of definitions; is POSTHOG_API_HOST where you log in?",
            scope: SCOPES[list],
            signal: retries.signal,
            withinMs: ANSWER_WITHIN_MS,
          }),
        retries,
      );
      found.push(...results);
      if (next == null || results.length === 0) return { found, isAll: true };
    }
    return { found, isAll: false };
  }
}
