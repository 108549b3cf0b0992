import { z } from "zod";
import { type Device, PushProvider } from "../contracts/device.ts";
import { Id } from "../contracts/event.ts";
import { parseJson } from "../lib/json.ts";
import { BodyError, type WebhookEndpoint, type WebhookHandler, webhookEndpoint } from "../lib/webhook-endpoint.ts";

/** Larger than any token and distinct id. */
const LARGEST_BODY = 16 * 1024;
/** PostgreSQL indexes 2,700 bytes at most. FCM's tokens have some 200 characters. */
const LONGEST_TOKEN = 2_000;

const Token = z.strictObject({
  provider: PushProvider,
  token: z
    .string()
    .max(LONGEST_TOKEN)
    .regex(/^[\x21-\x7e]+$/, "Invalid input: expected ASCII characters without spaces"),
});
const Registration = Token.extend({
  distinct_id: Id,
  integration: Id.nullish(),
});

interface Routes {
  add(device: Device): Promise<void>;
  remove(device: Pick<Device, "provider" | "token">): Promise<boolean>;
  /** Why no person can have this distinct id, such as "undefined"; null when one can. */
  whyNoPerson(distinctId: string): string | null;
}

/**
 * The routes by which the team's own back end registers and removes devices, by method and path. An event cannot do
 * this, because anybody can send events. No answer and no log line has a token.
 */
export function deviceRoutes({
  add,
  remove,
  whyNoPerson,
  count,
  ...endpoint
}: Omit<WebhookEndpoint, "count"> & Routes & { count(route: string, status: number): void }): Record<
  string,
  WebhookHandler
> {
  return {
    ...route("POST /devices", Registration, async ({ distinct_id: distinctId, integration = null, ...token }) => {
      const why = whyNoPerson(distinctId);
      if (why !== null) throw new BodyError(`distinct_id: ${why}`, 400);
      await add({ ...token, distinctId, integration });
      return { registered: 1 };
    }),
    ...route("DELETE /devices", Token, async (token) => ({ removed: (await remove(token)) ? 1 : 0 })),
  };

  function route<Schema extends z.ZodObject>(
    name: string,
    schema: Schema,
    run: (body: z.output<Schema>) => Promise<Record<string, number>>,
  ): Record<string, WebhookHandler> {
    const handler = webhookEndpoint({
      ...endpoint,
      component: "http",
      largestBody: LARGEST_BODY,
      count: (status) => count(name, status),
      handle: (body) => run(read(schema, body)),
    });
    return { [name]: handler };
  }
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
