import { createHmac } from "node:crypto";
import { keyOf, sign } from "../../src/lib/verify-webhook.ts";
import { LOCAL_KEYS } from "../../src/sandbox/local-keys.ts";

export type Headers = Record<string, string>;

const POSTHOG_KEY = keyOf(LOCAL_KEYS.signingSecret);
const NOVU_KEY = keyOf(LOCAL_KEYS.novuSigningSecret);

export function postHogProof(id: string, body: string | Buffer, nowMs = Date.now()): Headers {
  return { ...sign({ id, body, key: POSTHOG_KEY, nowMs }) };
}

export function novuProof(id: string, body: string | Buffer, nowMs = Date.now()): Headers {
  const signed = sign({ id, body, key: NOVU_KEY, nowMs });
  return Object.fromEntries(Object.entries(signed).map(([name, value]) => [name.replace("webhook-", "svix-"), value]));
}

export function segmentProof(body: string | Buffer): Headers {
  return { "x-signature": createHmac("sha1", LOCAL_KEYS.segmentSecret).update(body).digest("hex") };
}

export function bridgeProof(body: string | Buffer, nowMs = Date.now()): Headers {
  const digest = createHmac("sha256", LOCAL_KEYS.novu).update(`${nowMs}.`).update(body).digest("hex");
  return { "novu-signature": `t=${nowMs},v1=${digest}` };
}

/** Invalid proofs that only the body can disprove. */
export function freshButWrong(nowMs = Date.now()): Headers[] {
  return [
    { "x-signature": "0".repeat(40) },
    {
      "webhook-id": "a",
      "webhook-timestamp": String(Math.floor(nowMs / 1000)),
      "webhook-signature": `v1,${Buffer.alloc(32).toString("base64")}`,
    },
    { "novu-signature": `t=${nowMs},v1=${"0".repeat(64)}` },
  ];
}
