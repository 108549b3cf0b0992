import type { IncomingHttpHeaders } from "node:http";
import { isOneOfSecrets } from "./equal-secrets.ts";
import { headerTrouble, keyOf, verify } from "./standard-webhooks.ts";

export type Proof = { ours: true } | { ours: false; why: string };

/**
 * Proof that a delivery is ours, by its headers alone; or, where they prove nothing yet, the check that is
 * left for its body. The `why` may be shown to the sender.
 */
export type VerifyRequest = (headers: IncomingHttpHeaders) => Proof | ((body: Buffer) => Proof);

/**
 * Proves that a delivery is ours, by a Standard Webhooks signature, also in the spelling of Svix, which
 * delivers for Novu, or by the static header `x-webhook-secret`. Any of the secrets will do, so that they
 * can be rotated; without secrets nothing is ours.
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
      const trouble = headerTrouble(signed, nowMs);
      if (trouble !== null) return { ours: false, why: WHY[trouble] };
      return (body) => {
        const verdict = verify({ headers: signed, body, keys, nowMs });
        return verdict === "valid" ? { ours: true } : { ours: false, why: WHY[verdict] };
      };
    }

    const secret = headers["x-webhook-secret"];
    if (typeof secret !== "string")
      return { ours: false, why: "neither a webhook-signature that could be checked nor an x-webhook-secret header" };
    return isOneOfSecrets(secret, fixed)
      ? { ours: true }
      : { ours: false, why: "x-webhook-secret matches no configured secret" };
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
