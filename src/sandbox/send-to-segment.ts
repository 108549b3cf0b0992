import { LOCAL_KEYS } from "./local-keys.ts";
import { SANDBOX_PORTS } from "./ports.ts";

/**
 * Sends an event to the sandbox's Segment over its Tracking API: an identify with the traits, or a track with them
 * in its context. A person whom Segment does not have gets the traits of `unknownPerson` too.
 */
export async function sendToSegment(
  message: {
    event: string;
    distinctId: string;
    uuid: string;
    properties: Record<string, unknown>;
    traits: Record<string, unknown>;
    unknownPerson: Record<string, unknown>;
  },
  studio: string,
): Promise<void> {
  const { event, distinctId: userId, uuid: messageId, properties, unknownPerson } = message;
  const person = await fetch(`${studio}/api/people/${encodeURIComponent(userId)}?source=segment`);
  const traits = { ...(person.status === 404 && unknownPerson), ...message.traits };
  const type = event === "identify" ? event : "track";
  const call = type === "identify" ? { traits } : { event, properties, context: { traits } };
  const response = await fetch(`http://127.0.0.1:${SANDBOX_PORTS.segment}/v1/${type}`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      authorization: `Basic ${Buffer.from(`${LOCAL_KEYS.segmentWriteKey}:`).toString("base64")}`,
    },
    body: JSON.stringify({ messageId, userId, ...call }),
  });
  if (!response.ok) throw new Error(`the local Segment answered ${response.status}: ${await response.text()}`);
}
