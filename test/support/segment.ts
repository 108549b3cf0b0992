import { createHmac, randomUUID } from "node:crypto";

/** A track call as Segment's Webhooks destination sends it, with the changes of a test. */
export function segmentEvent(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    anonymousId: "507f191e810c19729de860ea",
    channel: "server",
    context: { library: { name: "@segment/analytics-node", version: "2.3.0" } },
    event: "User Registered",
    integrations: {},
    messageId: `node-next-${randomUUID()}`,
    originalTimestamp: "2026-03-02T09:00:00.000Z",
    projectId: "k2Wm7bY1",
    properties: {},
    receivedAt: "2026-03-02T09:00:01.000Z",
    sentAt: "2026-03-02T09:00:00.500Z",
    timestamp: "2026-03-02T09:00:00.500Z",
    type: "track",
    userId: "ada",
    version: 2,
    ...changes,
  };
}

/** Posts a body to the webhook for Segment, signed with `secret` by default. */
export function postSegment(
  appUrl: string,
  body: unknown,
  { secret = "", headers }: { secret?: string; headers?: Record<string, string> } = {},
): Promise<Response> {
  const raw = typeof body === "string" ? body : JSON.stringify(body);
  const proof = headers ?? { "x-signature": signatureOf(raw, secret) };
  return fetch(`${appUrl}/webhooks/segment`, {
    method: "POST",
    headers: { "content-type": "application/json", ...proof },
    body: raw,
  });
}

/** The value of Segment's `x-signature`. */
export function signatureOf(body: string, secret: string): string {
  return createHmac("sha1", secret).update(body).digest("hex");
}
