import { smallObjects } from "./large-bodies.ts";
import { freshButWrong } from "./signing.ts";
import { bytesOf } from "./wire.ts";

/** Connections that stay open, and the bytes that they send. */
export interface Hold {
  name: string;
  connections: number;
  /** Sent at once, in pieces. */
  first(index: number): Buffer[];
  /** Sent as one byte a second; empty for nothing. */
  trickle?: string;
}

const MB = 1024 * 1024;
const MANY = 100;
const DECLARED = 16 * MB;
/** The largest batch of Segment, with the largest events. */
const LARGEST_BATCH = 500 * 32 * 1024;
/** Unproven bodies of the largest size for each endpoint, and requests that never end. */
export const HOLDS: Hold[] = [
  ...["/webhooks/segment", "/webhooks/posthog", "/webhooks/novu", "/api/novu?action=execute"].map((target) =>
    stalled(`${target.split("?", 1)[0]}: 16 MB declared, 15 MB sent`, target, DECLARED, 15 * MB),
  ),
  stalled("/webhooks/segment: 15.6 MB declared, 15 MB sent", "/webhooks/segment", LARGEST_BATCH, 15 * MB),
  stalled("/webhooks/posthog: 2 MB declared, most of it sent", "/webhooks/posthog", 2 * MB, 2 * MB - 100),
  stalled("/webhooks/novu: 2 MB declared, most of it sent", "/webhooks/novu", 2 * MB, 2 * MB - 100),
  stalled("/api/novu: 4 MB declared, most of it sent", "/api/novu?action=execute", 4 * MB, 4 * MB - 100),
  {
    name: "headers that do not end",
    connections: 500,
    first: () => [Buffer.from("POST /webhooks/posthog HTTP/1.1\r\nhost: 127.0.0.1\r\nx-slow: ")],
    trickle: "a",
  },
  {
    name: "bodies of one byte a second",
    connections: 500,
    first: () => [headOf("/webhooks/posthog", 1_000, freshButWrong()[1] ?? {})],
    trickle: "1",
  },
];

/** A quarter without any proof, the others with a proof for which an endpoint must read the body. */
function stalled(name: string, target: string, declared: number, sent: number): Hold {
  // All connections send the same buffer.
  const body = Buffer.from(smallObjects(DECLARED)).subarray(0, sent);
  return {
    name,
    connections: MANY,
    first(index) {
      const proofs = [{}, ...freshButWrong()];
      return [headOf(target, declared, proofs[index % proofs.length] ?? {}), body];
    },
  };
}

function headOf(target: string, declared: number, headers: Record<string, string>): Buffer {
  return bytesOf({
    method: "POST",
    target,
    headers: { "content-type": "application/json", "content-length": String(declared), ...headers },
  });
}
