import { z } from "zod";
import {
  type PersonRead,
  type PersonSource,
  PROPERTY_NAMES,
  type ReadPersons,
  readPerson,
} from "../../contracts/person.ts";
import { RetryLaterError } from "../../lib/errors.ts";
import { parseJson } from "../../lib/json.ts";
import { retryAfterMs } from "../../lib/retry-after.ts";
import { propertiesOfTraits, traitsOf } from "../../lib/segment-traits.ts";

/** Segment has no read of several, so this is how many reads one failure can end. */
const MOST_AT_ONCE = 50;
/** Segment allows a space 100 reads a second, and each takes about a fifth of one. */
const MOST_UNDER_WAY = 20;

const Answer = z.object({ traits: z.record(z.string(), z.unknown()) });
const NotFound = z.object({ error: z.object({ code: z.literal("not_found") }) });

const DEFAULT_PAUSE_MS = 5_000;

/**
 * Reads persons from Segment's Profile API, by the id that your events name as `userId`: one request
 * each. Only the declared properties are asked for, under every name that they may have as a trait.
 * Source: https://www.twilio.com/docs/segment/unify/profile-api
 */
export function segmentProfiles({
  host,
  spaceId,
  token,
}: {
  host: string;
  spaceId: string;
  token: string;
}): PersonSource {
  const profiles = `${host}/v1/spaces/${encodeURIComponent(spaceId)}/collections/users/profiles`;
  const headers = { authorization: `Basic ${Buffer.from(`${token}:`).toString("base64")}` };
  const traits = PROPERTY_NAMES.flatMap(traitsOf);
  // Without a limit only ten come.
  const query = new URLSearchParams({ include: traits.join(","), limit: String(traits.length) });

  return { name: "Segment", mostAtOnce: MOST_AT_ONCE, read };

  async function read(distinctIds: string[], signal: AbortSignal): ReturnType<ReadPersons> {
    const found: Awaited<ReturnType<ReadPersons>> = new Map();
    const left = distinctIds.values();
    const failed = new AbortController();
    const ended = AbortSignal.any([signal, failed.signal]);
    try {
      await Promise.all(Array.from({ length: MOST_UNDER_WAY }, readOn));
    } finally {
      // All or nothing is needed, so what one failure leaves is not worth its share of the limit.
      failed.abort();
    }
    return found;

    async function readOn(): Promise<void> {
      for (const distinctId of left) {
        const person = await readOne(distinctId, ended);
        if (person !== null) found.set(distinctId, person);
      }
    }
  }

  async function readOne(distinctId: string, signal: AbortSignal): Promise<PersonRead | null> {
    const url = `${profiles}/user_id:${encodeURIComponent(distinctId)}/traits?${query}`;
    const response = await fetch(url, { headers, signal });
    if (response.status === 429)
      throw new RetryLaterError("Segment answered 429", {
        retryAfterMs: retryAfterMs(response.headers) ?? DEFAULT_PAUSE_MS,
        answered: true,
      });
    const body = parseJson(await response.text());
    // A host without such a space answers 404 too, and would make everybody seem deleted.
    if (response.status === 404 && NotFound.safeParse(body).success) return null;
    if (!response.ok) throw new Error(`Segment answered ${response.status}${HINTS.get(response.status) ?? ""}`);
    const answer = Answer.safeParse(body);
    if (!answer.success)
      throw new Error("Segment's answer has no traits to read; is SEGMENT_PROFILE_HOST its Profile API?");
    return readPerson(propertiesOfTraits(answer.data.traits));
  }
}

const HINTS = new Map([
  [401, "; is SEGMENT_PROFILE_TOKEN an access token of the space SEGMENT_SPACE_ID?"],
  [403, "; may SEGMENT_PROFILE_TOKEN read the space SEGMENT_SPACE_ID?"],
  [404, "; is SEGMENT_SPACE_ID a space at SEGMENT_PROFILE_HOST?"],
]);
