import { z } from "zod";
import {
  type PersonRead,
  type PersonSource,
  PROPERTY_NAMES,
  type ReadPersons,
  readPerson,
} from "../../contracts/person.ts";
import { propertiesOfTraits, traitsOf } from "../../lib/segment-traits.ts";
import { readResponse, request, type Service } from "../../lib/service-client.ts";

/** Access to the Profile API of one space. */
export interface ProfileAccess {
  host: string;
  spaceId: string;
  token: string;
}

const HINTS: Record<number, string> = {
  401: "; is SEGMENT_PROFILE_TOKEN an access token of the space SEGMENT_SPACE_ID?",
  403: "; may SEGMENT_PROFILE_TOKEN read the space SEGMENT_SPACE_ID?",
  404: "; is SEGMENT_SPACE_ID a space at SEGMENT_PROFILE_HOST?",
};

/** Segment reads one profile per request, and a failed read fails its whole batch. So batches are small. */
const MOST_AT_ONCE = 50;
/** Segment allows 100 reads a second for a space, and each read takes about 0.2 s. */
const MOST_IN_FLIGHT = 20;

const Answer = z.object({ traits: z.record(z.string(), z.unknown()) });
const NotFound = z.object({ error: z.object({ code: z.literal("not_found") }) });

/**
 * Reads persons from Segment's Profile API, by the `userId` of your events. Reads only the declared properties, under
 * each trait name that a property may have. Errors: src/lib/service-client.ts.
 * Source: https://www.twilio.com/docs/segment/unify/profile-api
 */
export function segmentProfiles({ host, spaceId, token }: ProfileAccess): PersonSource {
  const service: Service = {
    name: "Segment",
    host,
    headers: { authorization: `Basic ${Buffer.from(`${token}:`).toString("base64")}` },
    hintOf: (status) => HINTS[status] ?? "",
  };
  const traits = PROPERTY_NAMES.flatMap(traitsOf);
  // Without a limit Segment answers ten traits.
  const query = new URLSearchParams({ include: traits.join(","), limit: String(traits.length) });

  return { name: "Segment", mostAtOnce: MOST_AT_ONCE, read };

  async function read(distinctIds: string[], signal: AbortSignal): ReturnType<ReadPersons> {
    const found: Awaited<ReturnType<ReadPersons>> = new Map();
    const remaining = distinctIds.values();
    const failed = new AbortController();
    const ended = AbortSignal.any([signal, failed.signal]);
    try {
      await Promise.all(Array.from({ length: MOST_IN_FLIGHT }, readOn));
    } finally {
      // One failed read fails the batch, so the other reads would only use up the rate limit.
      failed.abort();
    }
    return found;

    async function readOn(): Promise<void> {
      for (const distinctId of remaining) {
        const person = await readOne(distinctId, ended);
        if (person !== null) found.set(distinctId, person);
      }
    }
  }

  async function readOne(distinctId: string, signal: AbortSignal): Promise<PersonRead | null> {
    const user = `/collections/users/profiles/user_id:${encodeURIComponent(distinctId)}`;
    const path = `/v1/spaces/${encodeURIComponent(spaceId)}${user}/traits?${query}`;
    const response = await request(service, { path, signal });
    // For a wrong space Segment answers 404 too, but without this code. Otherwise every person would seem deleted.
    if (response.status === 404 && NotFound.safeParse(response.json).success) return null;
    const { traits } = readResponse(service, response, {
      answer: Answer,
      unreadable: () => "has no traits to read; is SEGMENT_PROFILE_HOST its Profile API?",
    });
    return readPerson(propertiesOfTraits(traits));
  }
}
