import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { jsonOf, parseJson } from "../lib/json.ts";
import type { Authenticate } from "./webhook-auth.ts";

/**
 * Proves that a delivery is ours: by `x-signature`, the HMAC-SHA1 of the body under a shared secret in
 * hex, as Segment's Webhooks destinations have it, or by the secret itself as a bearer token, as our
 * Destination Function brings it. Any of the secrets will do, so that they can be rotated. The answer's
 * `why` may be shown to the sender.
 * Source: https://www.twilio.com/docs/segment/connections/destinations/catalog/actions-webhook
 */
export function segmentAuth({ secrets }: { secrets: string[] }): Authenticate {
  const digests = secrets.map(sha256);

  return (headers, body) => {
    const { authorization = "", "x-signature": signature } = headers;
    const [, token] = /^Bearer (.+)$/i.exec(authorization) ?? [];
    if (token !== undefined && isSecret(token)) return { ours: true };
    if (typeof signature === "string") {
      if (isSignedBy(signature, body)) return { ours: true };
      return { ours: false, why: isOfFirstOnly(signature, body) ? OF_FIRST_ONLY : NO_MATCH };
    }
    return { ours: false, why: token === undefined ? UNPROVED : WRONG_TOKEN };
  };

  function isSecret(token: string): boolean {
    const offered = sha256(token);
    return digests.filter((one) => timingSafeEqual(one, offered)).length > 0;
  }

  function isSignedBy(signature: string, signed: string | Buffer): boolean {
    const offered = Buffer.from(signature.toLowerCase());
    return (
      secrets
        .map((secret) => Buffer.from(createHmac("sha1", secret).update(signed).digest("hex")))
        .filter((one) => one.length === offered.length && timingSafeEqual(one, offered)).length > 0
    );
  }

  /** Webhooks (Actions) signs a batch by its first event, which proves nothing of the others. */
  function isOfFirstOnly(signature: string, body: Buffer): boolean {
    const batch = parseJson(body.toString("utf8"));
    return Array.isArray(batch) && batch.length > 0 && isSignedBy(signature, jsonOf(batch[0]) ?? "");
  }
}

const UNPROVED = "neither an x-signature nor a bearer token; is a shared secret set at Segment?";
const WRONG_TOKEN = "the bearer token is none of SEGMENT_SECRETS";
const NO_MATCH = "x-signature is of no secret of SEGMENT_SECRETS over this body";
const OF_FIRST_ONLY =
  "x-signature is of the first event of the batch only: set the batch size to 0, or use the Destination Function";

function sha256(value: string): Buffer {
  return createHash("sha256").update(value).digest();
}
