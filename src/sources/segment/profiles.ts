import { z } from "zod";
import {
  type PersonRead,
  type PersonSource,
  PROPERTY_NAMES,
  type ReadPersons,
  readPerson,
} from "../../contracts/person.ts";
import { propertiesOfTraits, traitsOf } from "../../lib/segment-traits.ts";
import { createSegmentClient, type ProfileAccess } from "./client.ts";

/** Segment reads one profile per request. A batch fails as a whole, so this is how many reads one failure ends. */
const MOST_AT_ONCE = 50;
/** Segment allows a space 100 reads a second, and each takes about a fifth of one. */
const MOST_IN_FLIGHT = 20;

const Answer = z.object({ traits: z.record(z.string(), z.unknown()) });
const NotFound = z.object({ error: z.object({ code: z.literal("not_found") }) });

/**
 * Reads persons from Segment's Profile API, by the id that your events name as `userId`. It reads only the declared
 * properties, under each name that they may have as a trait.
 */
export function segmentProfiles(access: ProfileAccess): PersonSource {
  const call = createSegmentClient(access);
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
      // The batch needs all or nothing; the other reads would only use up the rate limit.
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
    const profile = await call({
      path: `/user_id:${encodeURIComponent(distinctId)}/traits?${query}`,
      answer: Answer,
      unreadable: () => "has no traits to read; is SEGMENT_PROFILE_HOST its Profile API?",
      // A host without such a space answers 404 too, and must not make everyone seem deleted.
      isMissing: (json) => NotFound.safeParse(json).success,
      signal,
    });
    return profile && readPerson(propertiesOfTraits(profile.traits));
  }
}
