import { SANDBOX_PORTS } from "./ports.ts";
import { samplePersonProperties } from "./samples.ts";
import { LOCAL_KEYS } from "./sandbox.ts";

/**
 * Tells the sandbox's Segment of something over its Tracking API: an identify with the traits, or a
 * track with them in its context. Somebody unknown there gets traits that are made up.
 */
export async function tellSegment(
  message: {
    event: string;
    distinctId: string;
    uuid: string;
    properties: Record<string, unknown>;
    traits: Record<string, unknown>;
  },
  studio: string,
): Promise<void> {
  const { event, distinctId: userId, uuid: messageId } = message;
  const known = await fetch(`${studio}/api/people/${encodeURIComponent(userId)}?source=segment`);
  const traits = { ...(known.status === 404 && samplePersonProperties(userId)), ...message.traits };
  const call = event === "identify" ? { traits } : { event, properties: message.properties, context: { traits } };
  const response = await fetch(
    `http://127.0.0.1:${SANDBOX_PORTS.segment}/v1/${event === "identify" ? event : "track"}`,
    {
      method: "POST",
      headers: {
        "content-type": "application/json",
        authorization: `Basic ${Buffer.from(`${LOCAL_KEYS.segmentWriteKey}:`).toString("base64")}`,
      },
      body: JSON.stringify({ messageId, userId, ...call }),
    },
  );
  if (!response.ok) throw new Error(`the local Segment answered ${response.status}: ${await response.text()}`);
}
