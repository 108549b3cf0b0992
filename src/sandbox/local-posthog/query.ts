import type { RequestHandler } from "express";
import { z } from "zod";
import { answerAbsences } from "./query-absences.ts";
import { answerEvents } from "./query-events.ts";
import type { AnswerShape } from "./query-shape.ts";
import type { PostHogState } from "./state.ts";

const Query = z.object({
  query: z.object({
    kind: z.literal("HogQLQuery"),
    query: z.string(),
    values: z.record(z.string(), z.unknown()).default({}),
  }),
  refresh: z.enum(["blocking", "force_blocking"]),
  name: z.string().optional(),
});

const SHAPES: AnswerShape[] = [answerEvents, answerAbsences];

const OFFSET_REFUSED =
  "OFFSET is not supported on queries made with a personal API key. For pagination, use keyset pagination on the `timestamp` column, e.g. `WHERE timestamp > :last_seen_timestamp ORDER BY timestamp LIMIT N`.";

/** The query API, for reading events, and people who are away, page by page; what varies has to come as `values`. */
export function queryEvents({ state }: { state: PostHogState }): RequestHandler {
  return (request, response) => {
    const answer = answerTo(request.body);
    if ("refusal" in answer)
      response
        .status(400)
        .json({ type: "validation_error", code: "invalid_input", detail: answer.refusal, attr: null });
    else response.json(answer);
  };

  function answerTo(body: unknown) {
    const asked = Query.safeParse(body);
    if (!asked.success) return { refusal: "not a HogQLQuery" };
    const { query, values } = asked.data.query;
    if (/\boffset\b/i.test(query)) return { refusal: OFFSET_REFUSED };
    if (/['"`]/.test(query)) return { refusal: "the local PostHog takes no quoted text in a query; send it in values" };

    const named = [...query.matchAll(/{(\w+)}/g)].map(([, name = ""]) => name);
    const unresolved = named.find((name) => values[name] === undefined);
    if (unresolved !== undefined) return { refusal: `Unresolved placeholder: {${unresolved}}` };

    const text = query.replace(/\s+/g, " ").replace(/\( /g, "(").replace(/ \)/g, ")").trim();
    for (const answer of SHAPES) {
      const table = answer({ text, values, state });
      // PostHog counts what is left only when the query has no limit of its own.
      if (table !== null) return { ...table, hasMore: null, hogql: query, is_cached: false };
    }
    return {
      refusal: "the local PostHog understands only pages of events by name and time, and of people who did none since",
    };
  }
}
