import { createHmac, hash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

/** `why` may be shown to the sender. */
type Verification = { valid: true } | { valid: false; why: string };

/** Verifies a request by its headers. If a signature needs the body, returns the function that verifies the body. */
export type VerifyRequest = (headers: IncomingHttpHeaders) => Verification | ((body: Buffer) => Verification);

/**
 * Verifies a Standard Webhooks signature, also with the header names of Svix, which delivers Novu's webhooks; or the
 * fixed header `x-webhook-secret`. Each secret is valid, so that secrets can be rotated. Without secrets no request is
 * valid. Segment's signature: sources/segment/verify.ts. Novu's on bridge calls: novu/bridge-call.ts.
 */
export function createWebhookVerifier({ secrets, now }: { secrets: string[]; now: () => number }): VerifyRequest {
  const keys = secrets.filter((secret) => secret.startsWith("whsec_")).map(keyOf);
  const fixed = secrets.filter((secret) => !secret.startsWith("whsec_")).map(sha256);

  return (headers) => {
    const prefix = headers["webhook-signature"] === undefined ? "svix" : "webhook";
    const signature = headers[`${prefix}-signature`];
    if (typeof signature === "string" && keys.length > 0) {
      const signed = {
        "webhook-id": text(headers[`${prefix}-id`]),
        "webhook-timestamp": text(headers[`${prefix}-timestamp`]),
        "webhook-signature": signature,
      };
      const error = headerError(signed, now());
      if (error !== null) return { valid: false, why: WHY[error] };
      return (body) => (isSigned(body, signed, keys) ? { valid: true } : { valid: false, why: WHY["no match"] });
    }

    const secret = headers["x-webhook-secret"];
    if (typeof secret !== "string")
      return { valid: false, why: "neither a webhook-signature that could be checked nor an x-webhook-secret header" };
    return isOneOf(sha256(secret), fixed)
      ? { valid: true }
      : { valid: false, why: "x-webhook-secret matches no configured secret" };
  };
}

const WHY = {
  "no match": "webhook-signature matches no configured secret",
  stale: "webhook-timestamp is more than 5 minutes from this server's clock",
  malformed: "webhook-id or webhook-timestamp is missing or malformed",
} as const;

function text(header: string | string[] | undefined): string {
  return typeof header === "string" ? header : "";
}

// The Standard Webhooks signature scheme, https://github.com/standard-webhooks/standard-webhooks

interface SignatureHeaders {
  "webhook-id": string;
  "webhook-timestamp": string;
  "webhook-signature": string;
}

const TOLERANCE_SECONDS = 5 * 60;
const SHORTEST_KEY_BYTES = 24;
/** A SHA-256 digest. */
const DIGEST_BYTES = 32;

/** The reason why these headers are invalid for any body, so that the body need not be read; null without a reason. */
function headerError(headers: SignatureHeaders, nowMs: number): keyof typeof WHY | null {
  const { "webhook-id": id, "webhook-timestamp": timestamp } = headers;
  if (id === "" || !/^\d{1,12}$/.test(timestamp)) return "malformed";
  if (Math.abs(nowMs / 1000 - Number(timestamp)) > TOLERANCE_SECONDS) return "stale";
  return offeredBy(headers).length === 0 ? "no match" : null;
}

/** Any listed v1 signature may match any key, so that the sender and this app can rotate keys. */
function isSigned(body: Buffer, headers: SignatureHeaders, keys: Buffer[]): boolean {
  const { "webhook-id": id, "webhook-timestamp": timestamp } = headers;
  const expected = keys.map((key) => digest({ id, timestamp, body, key }));
  return offeredBy(headers).some((one) => isOneOf(one, expected));
}

function offeredBy({ "webhook-signature": signatures }: SignatureHeaders): Buffer[] {
  return signatures
    .split(" ")
    .filter((entry) => entry.startsWith("v1,"))
    .map((entry) => Buffer.from(entry.slice(3), "base64"))
    .filter((digest) => digest.length === DIGEST_BYTES);
}

interface Signed {
  id: string;
  body: Buffer | string;
  key: Buffer;
}

function digest({ id, timestamp, body, key }: Signed & { timestamp: string }): Buffer {
  return createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest();
}

/** The headers for a body that a command or the sandbox sends. */
export function sign({ nowMs, ...signed }: Signed & { nowMs: number }): SignatureHeaders {
  const timestamp = String(Math.floor(nowMs / 1000));
  return {
    "webhook-id": signed.id,
    "webhook-timestamp": timestamp,
    "webhook-signature": `v1,${digest({ ...signed, timestamp }).toString("base64")}`,
  };
}

/** The key inside `whsec_…`; throws when it is not at least 24 bytes of base64. */
export function keyOf(secret: string): Buffer {
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  if (key.length < SHORTEST_KEY_BYTES) {
    throw new Error(
      `a signing secret needs at least ${SHORTEST_KEY_BYTES} bytes of base64 after "whsec_", this one has ${key.length}`,
    );
  }
  return key;
}

/** Compares in a time that depends on neither content nor length: both are hashed first. */
export function equalSecrets(one: string | Buffer, other: string | Buffer): boolean {
  return timingSafeEqual(sha256(one), sha256(other));
}

/** As `equalSecrets`. */
export function isOneOfSecrets(offered: string | Buffer, secrets: Array<string | Buffer>): boolean {
  return isOneOf(sha256(offered), secrets.map(sha256));
}

/** Compares with all digests, so that the time does not depend on the digest that is equal. All have one length. */
function isOneOf(offered: Buffer, digests: Buffer[]): boolean {
  return digests.filter((digest) => timingSafeEqual(digest, offered)).length > 0;
}

function sha256(value: string | Buffer): Buffer {
  return hash("sha256", value, "buffer");
}
