import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import autocannon from "autocannon";
import { keyOf, sign } from "../../src/lib/verify-webhook.ts";

const fixture = new URL("../fixtures/posthog/02-user-signed-up-node.json", import.meta.url);
const { body } = JSON.parse(readFileSync(fixture, "utf8")) as {
  body: { event: { properties: object }; person: { properties: object } };
};
/** A typical person from the web, 2 KB in all. */
const visited = Object.fromEntries(
  [
    "$initial_referrer",
    "$initial_pathname",
    "$initial_host",
    "$initial_browser",
    "$initial_os",
    "$initial_utm_term",
  ].map((name) => [name, "https://acme.example/pricing?utm_source=newsletter&utm_campaign=november"]),
);
Object.assign(body.person.properties, visited);
/** The person properties of each sign-up. */
export const properties = body.person.properties as Record<string, unknown>;
const session = { ...body.event, event: "session_started", properties: { ...body.event.properties, $set: undefined } };
/** An event that starts a run and sets properties of its person, and one that does neither. */
const BODIES = { "sign-up": templateOf(body), session: templateOf({ ...body, event: session }) };
type BodyName = keyof typeof BODIES;

export const SECRETS = {
  signing: `whsec_${Buffer.from("the benchmark's own signing key").toString("base64")}`,
  fixed: "the-benchmarks-own-static-secret",
};
const key = keyOf(SECRETS.signing);

export interface Load {
  acceptedPerSecond: number;
  accepted: number;
  refused: number;
  p50Ms: number;
  p99Ms: number;
}

/** Sends events of new people, by default sign-ups. Every other one is signed, the others have the static secret. */
export async function load(
  url: string,
  { connections, seconds, of }: { connections: number; seconds: number; of?: BodyName },
): Promise<Load> {
  let count = 0;
  const result = await autocannon({
    url,
    connections,
    duration: seconds,
    requests: [
      {
        method: "POST",
        path: "/webhooks/posthog",
        setupRequest(request) {
          count += 1;
          return { ...request, ...delivery(count, of) };
        },
      },
    ],
  });
  return {
    acceptedPerSecond: result["2xx"] / result.duration,
    accepted: result["2xx"],
    refused: result.non2xx + result.errors,
    p50Ms: result.latency.p50,
    p99Ms: result.latency.p99,
  };
}

export function delivery(count: number, of: BodyName = "sign-up"): { body: string; headers: Record<string, string> } {
  const uuid = uuidV7();
  const body = BODIES[of]
    .replaceAll("{uuid}", uuid)
    .replaceAll("{person}", `user_${uuid.slice(-12)}`)
    .replaceAll("{now}", new Date().toISOString());
  const proof =
    count % 2 === 0 ? sign({ id: uuid, body, key, nowMs: Date.now() }) : { "x-webhook-secret": SECRETS.fixed };
  return { body, headers: { "content-type": "application/json", ...proof } };
}

function templateOf(delivered: object): string {
  return JSON.stringify(delivered)
    .replaceAll("019aa10b-2c55-7d0a-b8b1-1f2e3d4c5b6a", "{uuid}")
    .replaceAll("user_1042", "{person}")
    .replaceAll("2026-11-20T14:03:11.892Z", "{now}");
}

/** In order of time, as PostHog makes them, which is fast for a database. */
export function uuidV7(): string {
  const hex = Date.now().toString(16).padStart(12, "0") + randomBytes(10).toString("hex");
  return hex.replace(/(.{8})(.{4}).(.{3}).(.{3})(.{12})/, "$1-$2-7$3-8$4-$5");
}
