import { LOCAL_KEYS } from "./local-keys.ts";
import { SANDBOX_PORTS } from "./ports.ts";

const SEGMENT = `http://127.0.0.1:${SANDBOX_PORTS.segment}`;

/**
 * Sends an event to the sandbox's Segment over its Tracking API: an identify with the traits, or a track with them
 * in its context. A person whom Segment does not have gets the traits of `unknownPerson` too.
 */
export async function sendToSegment(message: {
  event: string;
  distinctId: string;
  uuid: string;
  properties: Record<string, unknown>;
  traits: Record<string, unknown>;
  unknownPerson: Record<string, unknown>;
}): Promise<void> {
  const { event, distinctId: userId, uuid: messageId, properties, unknownPerson } = message;
  const traits = { ...((await isUnknown(userId)) && unknownPerson), ...message.traits };
  const type = event === "identify" ? event : "track";
  const call = type === "identify" ? { traits } : { event, properties, context: { traits } };
  const response = await fetch(`${SEGMENT}/v1/${type}`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      authorization: basic(LOCAL_KEYS.segmentWriteKey),
    },
    body: JSON.stringify({ messageId, userId, ...call }),
  });
  if (!response.ok) throw new Error(`the local Segment answered ${response.status}: ${await response.text()}`);
}

async function isUnknown(userId: string): Promise<boolean> {
  const { segmentSpaceId, segmentProfileToken } = LOCAL_KEYS;
  const profile = `user_id:${encodeURIComponent(userId)}`;
  const response = await fetch(`${SEGMENT}/v1/spaces/${segmentSpaceId}/collections/users/profiles/${profile}/traits`, {
    headers: { authorization: basic(segmentProfileToken) },
  });
  return response.status === 404;
}

function basic(key: string): string {
  return `Basic ${Buffer.from(`${key}:`).toString("base64")}`;
}
