import type { z } from "zod";
import { parseJson } from "../lib/json.ts";
import { BodyError, type WebhookEndpoint, type WebhookHandler, webhookEndpoint } from "../lib/webhook-endpoint.ts";

/** Larger than any token and distinct id. */
const LARGEST_BODY = 16 * 1024;

/** The parts that all routes of the team's own back end share. */
export interface Backend extends Omit<WebhookEndpoint, "count"> {
  /** Why no person can have this distinct id, such as "undefined"; null when one can. */
  whyNoPerson(distinctId: string): string | null;
  count(route: string, status: number): void;
}

/** One route of the team's own back end. `name` is its method and path. A 400 names the wrong fields. */
export function backendRoute<Schema extends z.ZodObject>(
  name: string,
  { count, whyNoPerson, ...endpoint }: Backend,
  {
    schema,
    run,
    status,
  }: {
    schema: Schema;
    run(body: z.output<Schema>): Promise<Record<string, string | number>>;
    /** The status of an answer without an error; 202 when absent. */
    status?: 200;
  },
): Record<string, WebhookHandler> {
  const handler = webhookEndpoint({
    ...endpoint,
    component: "http",
    largestBody: LARGEST_BODY,
    success: status,
    count: (answered) => count(name, answered),
    handle(text) {
      const body = read(schema, text);
      const why = "distinct_id" in body ? whyNoPerson(String(body.distinct_id)) : null;
      if (why !== null) throw new BodyError(`distinct_id: ${why}`, 400);
      return run(body);
    },
  });
  return { [name]: handler };
}

/** Throws a BodyError that names each wrong field, without its value. */
function read<Schema extends z.ZodObject>(schema: Schema, body: string): z.output<Schema> {
  const parsed = schema.safeParse(parseJson(body));
  if (parsed.success) return parsed.data;
  throw new BodyError(parsed.error.issues.map((issue) => textOf(issue, Object.keys(schema.shape))).join("; "), 400);
}

function textOf({ code, path, message }: z.core.$ZodIssue, fields: string[]): string {
  // The name of an unknown field may be a token.
  if (code === "unrecognized_keys") return `the body has other fields than ${fields.join(", ")}`;
  return `${path.join(".") || "the body"}: ${message}`;
}
