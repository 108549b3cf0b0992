import type { IncomingHttpHeaders } from "node:http";
import { isOneOfSecrets } from "./equal-secrets.ts";
import { headerError, keyOf, verify } from "./standard-webhooks.ts";

/** `why` may be shown to the sender. */
export type Verification = { valid: true } | { valid: false; why: string };

/** Verifies a request by its headers; or answers the check of its body, when a signature is still to be compared. */
export type VerifyRequest = (headers: IncomingHttpHeaders) => Verification | ((body: Buffer) => Verification);

/**
 * Verifies a Standard Webhooks signature, also with the header names of Svix, which delivers for Novu; or the static
 * header `x-webhook-secret`. Any of the secrets counts, so that they can be rotated; without secrets nothing is valid.
 */
export function createWebhookVerifier({ secrets, now }: { secrets: string[]; now: () => number }): VerifyRequest {
  const keys = secrets.filter((secret) => secret.startsWith("whsec_")).map(keyOf);
  const fixed = secrets.filter((secret) => !secret.startsWith("whsec_"));

  return (headers) => {
    const prefix = headers["webhook-signature"] === undefined ? "svix" : "webhook";
    const signature = headers[`${prefix}-signature`];
    if (typeof signature === "string" && keys.length > 0) {
      const signed = {
        "webhook-id": text(headers[`${prefix}-id`]),
        "webhook-timestamp": text(headers[`${prefix}-timestamp`]),
        "webhook-signature": signature,
      };
      const nowMs = now();
      const error = headerError(signed, nowMs);
      if (error !== null) return { valid: false, why: WHY[error] };
      return (body) => {
        const result = verify({ headers: signed, body, keys, nowMs });
        return result === "valid" ? { valid: true } : { valid: false, why: WHY[result] };
      };
    }

    const secret = headers["x-webhook-secret"];
    if (typeof secret !== "string")
      return { valid: false, why: "neither a webhook-signature that could be checked nor an x-webhook-secret header" };
    return isOneOfSecrets(secret, fixed)
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
