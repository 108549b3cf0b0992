import { z } from "zod";
import { type Device, PushProvider } from "../contracts/device.ts";
import { Id } from "../contracts/event.ts";
import type { WebhookHandler } from "../lib/webhook-endpoint.ts";
import { type Backend, backendRoute } from "./backend-route.ts";

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

/**
 * The routes by which the team's own back end registers and removes devices, by method and path. An event cannot do
 * this, because anybody can send events. No answer and no log line has a token.
 */
export function deviceRoutes({
  add,
  remove,
  ...backend
}: Backend & {
  add(device: Device): Promise<void>;
  remove(device: Pick<Device, "provider" | "token">): Promise<boolean>;
}): Record<string, WebhookHandler> {
  return {
    ...backendRoute("POST /devices", backend, {
      schema: Registration,
      async run({ distinct_id: distinctId, integration = null, ...token }) {
        await add({ ...token, distinctId, integration });
        return { registered: 1 };
      },
    }),
    ...backendRoute("DELETE /devices", backend, {
      schema: Token,
      run: async (token) => ({ removed: (await remove(token)) ? 1 : 0 }),
    }),
  };
}
