import { z } from "zod";

export const NOT_FOUND = { type: "invalid_request", code: "not_found", detail: "Not found." };

export function invalid(error: z.ZodError | string) {
  const detail = typeof error === "string" ? error : z.prettifyError(error);
  return { type: "validation_error", code: "invalid_input", detail };
}

/** A page of a list, as PostHog's API returns it. */
export function pageOf<Item>(list: string, items: Item[], query: { limit?: unknown; offset?: unknown }) {
  const [limit, offset] = [Number(query.limit ?? 100), Number(query.offset ?? 0)];
  const isMore = items.length > offset + limit;
  const next = `https://us.posthog.com/api/projects/1/${list}/?limit=${limit}&offset=${offset + limit}`;
  const results = items.slice(offset, offset + limit);
  return { count: items.length, next: isMore ? next : null, previous: null, results };
}
