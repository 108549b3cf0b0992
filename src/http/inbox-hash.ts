import { z } from "zod";
import { Id } from "../contracts/event.ts";
import type { WebhookHandler } from "../lib/webhook-endpoint.ts";
import { type Backend, backendRoute } from "./backend-route.ts";

const SignedIn = z.strictObject({ distinct_id: Id });

/**
 * The route by which the team's own back end gets the hash with which a signed-in person opens Novu's Inbox. A merge
 * changes no answer, because anybody can send the event of a merge, and would then read another person's notes.
 */
export function inboxHashRoute({
  hashOf,
  ...backend
}: Backend & { hashOf(subscriberId: string): string }): Record<string, WebhookHandler> {
  return backendRoute("POST /inbox/hash", backend, {
    schema: SignedIn,
    status: 200,
    run: async ({ distinct_id }) => ({ subscriber_id: distinct_id, subscriber_hash: hashOf(distinct_id) }),
  });
}
