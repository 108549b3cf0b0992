import type { RequestHandler } from "express";
import { z } from "zod";
import { answerAbsences } from "./query-absences.ts";
import { answerHistory } from "./query-history.ts";
import type { AnswerQuery } from "./query-table.ts";
import type { PostHogState } from "./state.ts";

const Query = z.object({
  query: z.object({
    kind: z.literal("HogQLQuery"),
    query: z.string(),
    values: z.record(z.string(), z.unknown()).default({}),
  }),
  refresh: z.enum(["blocking", "force_blocking"]),
  name: z.string(),
});

/** By the name of the request. The HogQL is not read: test/unit/sources/queries.test.ts holds it to PostHog's parser. */
const ANSWERS: Record<string, AnswerQuery> = {
  "posthog-novu-bridge absences": answerAbsences,
  "posthog-novu-bridge history": answerHistory,
};

const OFFSET_REFUSED =
  "OFFSET is not supported on queries made with a personal API key. For pagination, use keyset pagination on the `timestamp` column, e.g. `WHERE timestamp > :last_seen_timestamp ORDER BY timestamp LIMIT N`.";

/** The query API, for the queries of the bridge, by their name and values. */
export function answerQueries({ state }: { state: PostHogState }): RequestHandler {
  return (request, response) => {
    const answer = answerTo(request.body);
    if ("refusal" in answer)
      response
        .status(400)
        .json({ type: "validation_error", code: "invalid_input", detail: answer.refusal, attr: null });
    else response.json(answer);
  };

  function answerTo(body: unknown) {
    const request = Query.safeParse(body);
    if (!request.success) return { refusal: "not a HogQLQuery with a name" };
    const { name, query } = request.data;
    if (/\boffset\b/i.test(query.query)) return { refusal: OFFSET_REFUSED };
    const placeholders = [...query.query.matchAll(/{(\w+)}/g)].map(([, placeholder = ""]) => placeholder);
    const unresolved = placeholders.find((placeholder) => query.values[placeholder] === undefined);
    if (unresolved !== undefined) return { refusal: `Unresolved placeholder: {${unresolved}}` };

    const table = ANSWERS[name]?.(query.values, state);
    if (table == null)
      return { refusal: `the local PostHog has no query of this name with these values: ${Object.keys(ANSWERS)}` };
    // PostHog counts the remaining rows only when the query has no limit of its own.
    return { ...table, hasMore: null, hogql: query.query, is_cached: false };
  }
}
