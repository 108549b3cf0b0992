import { createHmac, randomBytes, randomUUID } from "node:crypto";
import { z } from "zod";
import type { Config, SegmentConfig } from "../../config.ts";
import { OUR_LIB } from "../../contracts/report.ts";
import { ask, askApp } from "../ask.ts";
import { type Check, type Finding, ok, trouble, warning } from "./check.ts";

/** No person has this id. */
const UNUSED_ID = "posthog-novu-bridge-doctor";

const NotFound = z.object({ error: z.object({ code: z.literal("not_found") }) });

/**
 * Checks the webhook for Segment and the Profile API. The check calls the webhook as Segment's Webhooks destination
 * does, and as our Destination Function does.
 */
export function segmentChecks({ publicUrl = "", segment }: Config & { segment: SegmentConfig }): Check[] {
  const { secrets, profiles } = segment;
  return [
    { what: "Segment webhook", look: webhook },
    { what: "Segment profiles", look: persons },
  ];

  /** Sends an event with the `$lib` of our reports. The app answers 202 and drops it, as it drops its own reports. */
  async function webhook(): Promise<Finding | Finding[]> {
    const body = JSON.stringify({
      type: "track",
      messageId: randomUUID(),
      anonymousId: UNUSED_ID,
      event: "bridge checked",
      properties: { $lib: OUR_LIB },
      timestamp: new Date().toISOString(),
    });
    const findings: Finding[] = [];
    for (const [index, secret] of secrets.entries()) {
      const signed = await deliver(body, { "x-signature": signatureOf(body, secret) });
      const withBearer = await deliver(body, { authorization: `Bearer ${secret}` });
      const which = secrets.length > 1 ? ` (number ${index + 1})` : "";
      if (signed !== 202 || withBearer !== 202) findings.push(trouble(whyNot({ signed, withBearer, which })));
    }
    const other = randomBytes(32).toString("base64url");
    for (const proof of [{ "x-signature": signatureOf(body, other) }, { authorization: `Bearer ${other}` }])
      if ((await deliver(body, proof)) < 300)
        findings.push(
          trouble(`the app accepts events with a wrong ${Object.keys(proof)}; is PUBLIC_URL the address of this app?`),
        );
    return findings.length > 0
      ? findings
      : [ok("the app accepts correct signatures and secrets, and refuses wrong ones")];
  }

  function whyNot({ signed, withBearer, which }: { signed: number; withBearer: number; which: string }): string {
    const secret = `SEGMENT_SECRETS${which}`;
    if (signed === 401 && withBearer === 401) return `the app refuses ${secret}: restart it with this environment`;
    if (signed === 404 && withBearer === 404)
      return `${publicUrl}/webhooks/segment answered 404; does the app run with SEGMENT_SECRETS, and the role ingress?`;
    const [status, use, part] =
      signed === 202
        ? [withBearer, "with", "the header authorization"]
        : [signed, "signed by", "the header x-signature and the body"];
    return `${publicUrl}/webhooks/segment answered ${status} to an event ${use} ${secret}; a proxy in front of it must not change ${part}`;
  }

  async function deliver(body: string, proof: Record<string, string>): Promise<number> {
    return (await askApp(publicUrl, { method: "POST", path: "/webhooks/segment", headers: proof, body })).status;
  }

  /** Source: https://www.twilio.com/docs/segment/unify/profile-api */
  async function persons(): Promise<Finding | Finding[]> {
    if (profiles === null)
      return ok("not configured: messages use the person at PostHog, if there is one, or the traits of identify calls");
    const { host, spaceId, token } = profiles;
    const path = `/v1/spaces/${encodeURIComponent(spaceId)}/collections/users/profiles/user_id:${UNUSED_ID}/traits?limit=1`;
    const { status, json } = await ask(
      {
        host,
        headers: { authorization: `Basic ${Buffer.from(`${token}:`).toString("base64")}` },
        unreachable: `SEGMENT_PROFILE_HOST ${host} does not answer; is it the Profile API of your region?`,
      },
      { path },
    );
    if (status === 200 || (status === 404 && NotFound.safeParse(json).success))
      return ok(`profiles of the space ${spaceId} can be read at ${host}`);
    if (status === 401 || status === 403)
      return trouble(
        `${host} answered ${status}; is SEGMENT_PROFILE_TOKEN an access token of the space SEGMENT_SPACE_ID ${spaceId}, and SEGMENT_PROFILE_HOST of its region?`,
      );
    if (status === 429) return warning(`${host} answered 429: too many calls for this space; run it again`);
    if (status >= 500) return trouble(`${host} answered ${status}; this is an error at Segment, run it again`);
    return trouble(
      `SEGMENT_PROFILE_HOST ${host} answered ${status}, but not as the Profile API; is it the address of the Profile API, and SEGMENT_SPACE_ID ${spaceId} the id of the space?`,
    );
  }
}

/** The signature of Segment's Webhooks destination. */
function signatureOf(body: string, secret: string): string {
  return createHmac("sha1", secret).update(body).digest("hex");
}
