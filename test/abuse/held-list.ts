import { smallObjects } from "./large-bodies.ts";
import { freshButWrong } from "./signing.ts";
import { bytesOf } from "./wire.ts";

/** Connections that are held open, and what each sends. */
export interface Hold {
  name: string;
  connections: number;
  /** Sent at once, in pieces. */
  first(index: number): Buffer[];
  /** Sent once a second, one byte at a time; nothing when there is none. */
  trickle?: string;
}

const MB = 1024 * 1024;
const MANY = 100;
const DECLARED = 16 * MB;
/** As many events as Segment sends together, of the largest kind. */
const LARGEST_BATCH = 500 * 32 * 1024;
/** Bodies that are nobody's, as large as each door takes them, and requests that do not come to an end. */
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

/** A quarter of them with no proof at all, the others with such as one of the doors has to read the body for. */
function stalled(name: string, target: string, declared: number, sent: number): Hold {
  // Every connection sends the same memory.
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
