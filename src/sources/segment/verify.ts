import { createHmac } from "node:crypto";
import type { VerifyRequest } from "../../lib/verify-webhook.ts";
import { isOneOfSecrets } from "../../lib/verify-webhook.ts";

/**
 * Verifies a request by the secret as a bearer token, which our Destination Function sends, or by `x-signature`, the
 * HMAC-SHA1 of the body in hex, which Segment's Webhooks destinations send. Each of the secrets is accepted, so that
 * secrets can be rotated.
 * Source: https://www.twilio.com/docs/segment/connections/destinations/catalog/actions-webhook
 */
export function createSegmentVerifier({ secrets }: { secrets: string[] }): VerifyRequest {
  return ({ authorization = "", "x-signature": signature }) => {
    const [, token] = /^Bearer (.+)$/i.exec(authorization) ?? [];
    if (token !== undefined && isOneOfSecrets(token, secrets)) return { valid: true };
    if (typeof signature !== "string") return { valid: false, why: token === undefined ? NO_PROOF : WRONG_TOKEN };
    if (!/^[0-9a-f]{40}$/i.test(signature)) return { valid: false, why: MALFORMED };

    const offered = Buffer.from(signature, "hex");
    return (body) => {
      const expected = secrets.map((secret) => createHmac("sha1", secret).update(body).digest());
      if (isOneOfSecrets(offered, expected)) return { valid: true };
      return { valid: false, why: isBatch(body) ? NO_MATCH_OF_BATCH : NO_MATCH };
    };
  };
}

const NO_PROOF = "neither an x-signature nor a bearer token; is a shared secret set at Segment?";
const WRONG_TOKEN = "the bearer token is none of SEGMENT_SECRETS";
const MALFORMED = "x-signature is not an HMAC-SHA1 in hex";
const NO_MATCH = "x-signature does not match this body with any of SEGMENT_SECRETS";
/** Webhooks (Actions) signs only the first event of a batch. */
const NO_MATCH_OF_BATCH = `${NO_MATCH}; Webhooks (Actions) signs the first event of a batch only: set the batch size to 0, or use the Destination Function`;

/** Looks at the first character only, because the body of an unknown sender is not parsed. */
function isBatch(body: Buffer): boolean {
  return body.subarray(0, 100).toString("latin1").trimStart().startsWith("[");
}
