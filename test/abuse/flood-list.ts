import { randomBytes, randomUUID } from "node:crypto";
import { gzipSync } from "node:zlib";
import { segmentEvent } from "../support/segment.ts";
import { deepArrays, escapes, smallObjects } from "./large-bodies.ts";
import type { Wire } from "./raw-client.ts";
import { segmentProof } from "./signing.ts";
import { bytesOf, type Message } from "./wire.ts";

export interface Flood {
  name: string;
  connections: number;
  /** Called for each request. */
  next(): Wire;
  /** Whether a user logs in at the studio meanwhile. */
  hasLogins?: boolean;
}

const MANY = 32;
const FEW = 6;
const MB = 1024 * 1024;
const LONG = 15_000;
const STALE_MS = 60 * 60 * 1000;
const JSON_TYPE = { "content-type": "application/json" };
/** Slow for a pattern for addresses, which it matches up to its last character. */
const ALMOST_AN_ADDRESS = `${"a".repeat(7_500)}@${"b".repeat(3_700)}1`;

const wrong = (nowMs = Date.now()) => ({ "novu-signature": `t=${nowMs},v1=${"0".repeat(64)}` });
const wrongWebhook = () => ({
  "webhook-id": randomUUID(),
  "webhook-timestamp": String(Math.floor(Date.now() / 1000)),
  "webhook-signature": `v1,${randomBytes(32).toString("base64")}`,
});

/** Requests without a valid proof, of each kind, and one kind with it. */
export const FLOODS: Flood[] = [
  same("bridge: unsigned GET, almost an address", MANY, () => ({
    method: "GET",
    target: `/api/novu?workflowId=${ALMOST_AN_ADDRESS}`,
  })),
  bridge("bridge: 2 MB of objects, wrong signature", smallObjects, wrong),
  bridge("bridge: 2 MB of arrays in arrays, wrong signature", deepArrays, wrong),
  bridge("bridge: 2 MB of escapes, wrong signature", escapes, wrong),
  bridge("bridge: 2 MB of objects, stale signature", smallObjects, () => wrong(Date.now() - STALE_MS)),
  bridge("bridge: 2 MB of objects, malformed signature", smallObjects, () => ({ "novu-signature": "v1" })),
  bridge("bridge: 2 MB of objects, unsigned", smallObjects, () => ({})),
  bridge(
    "bridge: 2 MB compressed",
    (bytes) => gzipSync(smallObjects(10 * bytes)),
    () => ({
      ...wrong(),
      "content-encoding": "gzip",
    }),
  ),
  webhook("segment: 2 MB, wrong signature", "segment", 2 * MB, () => ({ "x-signature": "0".repeat(40) })),
  webhook("segment: 16 MB, wrong signature", "segment", 500 * 32 * 1024, () => ({ "x-signature": "0".repeat(40) })),
  webhook("posthog: 2 MB, wrong signature", "posthog", 2 * MB, wrongWebhook),
  webhook("posthog: 2 MB, unsigned", "posthog", 2 * MB, () => ({})),
  webhook("novu: 2 MB, wrong signature", "novu", 2 * MB, wrongWebhook),
  {
    name: "segment: event name of 30 KB, rightly signed",
    connections: FEW,
    next: () => signedEvent({ event: `${"a".repeat(20_000)}@${"b".repeat(10_000)}1` }),
  },
  { name: "studio: guesses of the secret", connections: MANY, next: guess, hasLogins: true },
  { name: "unsubscribe: random tokens", connections: MANY, next: () => get(`/u/${randomToken()}`) },
  { name: "click: random tokens", connections: MANY, next: () => get(`/r/${randomToken()}`) },
  { name: "unknown paths", connections: MANY, next: () => get(`/${randomToken()}`) },
  same("very long URLs", MANY, () => ({ method: "GET", target: `/studio?x=${"%41".repeat(LONG / 3)}` })),
  same("very long headers", MANY, () => ({
    method: "GET",
    target: "/metrics",
    headers: { authorization: `Bearer ${"a".repeat(LONG)}` },
  })),
];

function same(name: string, connections: number, message: () => Message): Flood {
  let wire: Wire | undefined;
  return {
    name,
    connections,
    next() {
      wire ??= { bytes: bytesOf(message()) };
      return wire;
    },
  };
}

function bridge(name: string, body: (bytes: number) => string | Buffer, proof: () => Record<string, string>): Flood {
  const target = "/api/novu?action=execute&workflowId=onboarding&stepId=welcome-email";
  return same(name, FEW, () => ({ method: "POST", target, headers: { ...JSON_TYPE, ...proof() }, body: body(2 * MB) }));
}

function webhook(name: string, endpoint: string, bytes: number, proof: () => Record<string, string>): Flood {
  const target = `/webhooks/${endpoint}`;
  return same(name, FEW, () => ({
    method: "POST",
    target,
    headers: { ...JSON_TYPE, ...proof() },
    body: smallObjects(bytes - 2),
  }));
}

function signedEvent(changes: Record<string, unknown>): Wire {
  const body = JSON.stringify(segmentEvent({ ...changes, messageId: randomUUID() }));
  const headers = { ...JSON_TYPE, ...segmentProof(body) };
  return { bytes: bytesOf({ method: "POST", target: "/webhooks/segment", headers, body }) };
}

function guess(): Wire {
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  return { bytes: bytesOf({ method: "POST", target: "/studio/login", headers, body: `secret=${randomToken()}` }) };
}

function get(target: string): Wire {
  return { bytes: bytesOf({ method: "GET", target }) };
}

function randomToken(): string {
  return randomBytes(120).toString("base64url");
}
