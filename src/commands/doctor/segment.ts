import { createHmac, randomBytes, randomUUID } from "node:crypto";
import { z } from "zod";
import type { Config, SegmentConfig } from "../../config.ts";
import { OUR_LIB } from "../../contracts/report.ts";
import { parseJson } from "../../lib/json.ts";
import { askApp } from "./ask-app.ts";
import { type Check, type Finding, ok, trouble, warning } from "./check.ts";

const ANSWER_WITHIN_MS = 8_000;
/** Nobody has it. */
const NOBODY = "posthog-novu-bridge-doctor";

const NotFound = z.object({ error: z.object({ code: z.literal("not_found") }) });

/** The door for Segment as its Webhooks destination and our Destination Function reach it, and its Profile API. */
export function segmentChecks({ publicUrl = "", segment }: Config & { segment: SegmentConfig }): Check[] {
  const { secrets, profiles } = segment;
  return [
    { what: "Segment webhook", look: webhook },
    { what: "Segment profiles", look: persons },
  ];

  /** An event that says it is our own comes in as an echo, which is dropped, once it has been let in. */
  async function webhook(): Promise<Finding[]> {
    const body = JSON.stringify({
      type: "track",
      messageId: randomUUID(),
      anonymousId: NOBODY,
      event: "bridge checked",
      properties: { $lib: OUR_LIB },
      timestamp: new Date().toISOString(),
    });
    const findings: Finding[] = [];
    for (const [index, secret] of secrets.entries()) {
      const signed = await deliver(body, { "x-signature": signatureOf(body, secret) });
      const borne = await deliver(body, { authorization: `Bearer ${secret}` });
      const which = secrets.length > 1 ? ` (number ${index + 1})` : "";
      if (signed !== 202 || borne !== 202) findings.push(trouble(whyNot({ signed, borne, which })));
    }
    const other = randomBytes(32).toString("base64url");
    for (const proof of [{ "x-signature": signatureOf(body, other) }, { authorization: `Bearer ${other}` }])
      if ((await deliver(body, proof)) < 300)
        findings.push(trouble(`it takes events with a wrong ${Object.keys(proof)}; does PUBLIC_URL lead to this app?`));
    return findings.length > 0
      ? findings
      : [ok("it takes what is signed or brings a secret, and refuses what is forged")];
  }

  function whyNot({ signed, borne, which }: { signed: number; borne: number; which: string }): string {
    const secret = `SEGMENT_SECRETS${which}`;
    if (signed === 401 && borne === 401)
      return `the app refuses what is proved by ${secret}: restart it with this environment`;
    if (signed === 404 && borne === 404)
      return `${publicUrl}/webhooks/segment answered 404; does the app run with SEGMENT_SECRETS, and the role ingress?`;
    const [status, means, part] =
      signed === 202
        ? [borne, "brings", "the header authorization"]
        : [signed, "is signed by", "the header x-signature and the body"];
    return `${publicUrl}/webhooks/segment answered ${status} to what ${means} ${secret}; a proxy before it has to pass on ${part} as they are`;
  }

  async function deliver(body: string, proof: Record<string, string>): Promise<number> {
    const headers = { "content-type": "application/json", ...proof };
    return (await askApp(publicUrl, "/webhooks/segment", { method: "POST", headers, body })).status;
  }

  /** Sources: https://www.twilio.com/docs/segment/unify/profile-api */
  async function persons(): Promise<Finding[]> {
    if (profiles === null)
      return [
        ok(
          "not configured: messages go by PostHog's person where there is one, or else by what identify calls have told",
        ),
      ];
    const { host, spaceId, token } = profiles;
    const path = `/v1/spaces/${encodeURIComponent(spaceId)}/collections/users/profiles/user_id:${NOBODY}/traits?limit=1`;
    const response = await fetch(`${host}${path}`, {
      headers: { authorization: `Basic ${Buffer.from(`${token}:`).toString("base64")}` },
      redirect: "manual",
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    }).catch((error: unknown) => {
      throw new Error(`SEGMENT_PROFILE_HOST ${host} does not answer; is it the Profile API of your region?`, {
        cause: error,
      });
    });
    const body = parseJson(await response.text());
    const { status } = response;
    if (status === 200 || (status === 404 && NotFound.safeParse(body).success))
      return [ok(`those of the space ${spaceId} can be read at ${host}`)];
    if (status === 401 || status === 403)
      return [
        trouble(
          `${host} answered ${status}; is SEGMENT_PROFILE_TOKEN an access token of the space SEGMENT_SPACE_ID ${spaceId}, and SEGMENT_PROFILE_HOST of its region?`,
        ),
      ];
    if (status === 429)
      return [warning(`${host} answered 429: the space is asked more often than it takes; run it again`)];
    if (status >= 500) return [trouble(`${host} answered ${status}; Segment has trouble of its own, run it again`)];
    return [
      trouble(
        `SEGMENT_PROFILE_HOST ${host} answered ${status} as the Profile API does not; is it its address, and SEGMENT_SPACE_ID ${spaceId} the id of the space?`,
      ),
    ];
  }
}

/** As its Webhooks destination signs. */
function signatureOf(body: string, secret: string): string {
  return createHmac("sha1", secret).update(body).digest("hex");
}
