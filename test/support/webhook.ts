import { randomUUID } from "node:crypto";
import { keyOf, sign } from "../../src/lib/verify-webhook.ts";
import { LOCAL_KEYS } from "../../src/sandbox/local-keys.ts";

/** A body as PostHog sends it, with the changes of a test. */
export function delivery({
  event = "user_signed_up",
  distinctId = "ada",
  uuid = randomUUID() as string,
  properties = {},
  person = { email: "ada@example.com", name: "Ada Lovelace" } as Record<string, unknown> | null,
  timestamp = "2026-03-02T09:00:00.000Z",
} = {}) {
  return {
    event: {
      uuid,
      event,
      elements_chain: "",
      distinct_id: distinctId,
      properties,
      timestamp,
      url: "https://us.posthog.com/project/1/events/1",
    },
    person:
      person === null
        ? null
        : {
            id: "0190f1d2-6a4b-7c1e-8f00-3b9f5c2d7e44",
            properties: person,
            name: "Ada",
            url: "https://us.posthog.com/person/1",
          },
  };
}

/** Posts a body to a webhook as PostHog does, signed by default. */
export function post(
  appUrl: string,
  body: unknown,
  {
    secret = LOCAL_KEYS.signingSecret as string,
    nowMs = Date.now(),
    headers = {} as Record<string, string>,
    signed = true,
  } = {},
): Promise<Response> {
  const raw = typeof body === "string" ? body : JSON.stringify(body);
  const signature = signed ? sign({ id: randomUUID(), body: raw, key: keyOf(secret), nowMs }) : {};
  return fetch(`${appUrl}/webhooks/posthog`, {
    method: "POST",
    headers: { "content-type": "application/json", ...signature, ...headers },
    body: raw,
  });
}
