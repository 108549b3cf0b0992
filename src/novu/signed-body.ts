import { createHmac } from "node:crypto";
import type { Request, RequestHandler } from "express";
import { MINUTE_MS } from "../lib/durations.ts";
import { parseJson } from "../lib/json.ts";
import { equalSecrets } from "../lib/verify-webhook.ts";
import { type BodyBudget, readBody } from "../lib/webhook-endpoint.ts";

/** Novu's payloads reach 512 KB; the rest is for the runs of a digest. */
const LARGEST_BODY = 4 * 1024 * 1024;
/** The framework's own limit. */
const TOLERANCE_MS = 5 * MINUTE_MS;

/**
 * Reads the body of a call that Novu has signed, and no other: without a `novu-signature` of the right form and age
 * nothing is read, and nothing is parsed before the signature is verified. Without a body the framework answers 401.
 */
export function signedBody({ secretKey, budget }: { secretKey: string; budget: BodyBudget }): RequestHandler {
  return async (request, _response, next) => {
    const signature = request.method === "POST" ? signatureIn(request) : null;
    if (signature === null) return next();
    const bytes = await readBody(request, LARGEST_BODY, budget);
    // Novu signs the body's bytes as it sends them.
    if (isSigned(bytes, signature)) request.body = parseJson(bytes.toString("utf8"));
    next();
  };

  function isSigned(bytes: Buffer, { time, digest }: Signature): boolean {
    return equalSecrets(digestOf(bytes, time, secretKey), digest);
  }
}

interface Signature {
  time: string;
  digest: Buffer;
}

/** `t=<ms>,v1=<HMAC-SHA256 in hex>`; null for another form, or a time too far from now. */
function signatureIn(request: Request): Signature | null {
  const header = request.get("novu-signature") ?? "";
  const [, time] = /(?:^|,)\s*t=(\d{1,15})\s*(?:,|$)/.exec(header) ?? [];
  const [, digest] = /(?:^|,)\s*v1=([0-9a-f]{64})\s*(?:,|$)/i.exec(header) ?? [];
  if (time === undefined || digest === undefined) return null;
  if (Math.abs(Date.now() - Number(time)) > TOLERANCE_MS) return null;
  return { time, digest: Buffer.from(digest, "hex") };
}

/** The header for a body that was changed here, after the caller's signature was verified. */
export function signatureOf(body: object, secretKey: string): string {
  const time = String(Date.now());
  return `t=${time},v1=${digestOf(JSON.stringify(body), time, secretKey).toString("hex")}`;
}

function digestOf(body: Buffer | string, time: string, secretKey: string): Buffer {
  return createHmac("sha256", secretKey).update(`${time}.`).update(body).digest();
}
