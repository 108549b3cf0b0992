import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { SegmentMessage, SegmentProfile } from "./state.ts";

const Traits = z.record(z.string(), z.unknown()).catch({});

/** Applies a message to the profile of its user. A visitor without a user id has no profile here. */
export function applyMessage(profiles: SegmentProfile[], message: SegmentMessage): void {
  const { type, userId, previousId, traits, context, timestamp } = message;
  if (!userId) return;
  const profile = find(profiles, userId) ?? create(profiles, userId, timestamp);
  if (type === "alias" && typeof previousId === "string") merge(profiles, { into: profile, userId: previousId });
  // The traits of a group call belong to the group.
  const own = type === "identify" ? Traits.parse(traits) : {};
  profile.traits = { ...profile.traits, ...Traits.parse(context?.traits), ...own };
}

export function find(profiles: SegmentProfile[], userId: string): SegmentProfile | undefined {
  return profiles.find(({ userIds }) => userIds.includes(userId));
}

/** undefined removes a trait. Throws for an unknown user. */
export function setTraits(profiles: SegmentProfile[], userId: string, traits: Record<string, unknown>): void {
  const profile = find(profiles, userId);
  if (profile === undefined) throw new Error(`the local Segment has no profile with the user id "${userId}"`);
  Object.assign(profile.traits, traits);
  for (const [name, value] of Object.entries(traits)) if (value === undefined) delete profile.traits[name];
}

function create(profiles: SegmentProfile[], userId: string, createdAt: string): SegmentProfile {
  const profile = { segmentId: `use_${randomUUID()}`, userIds: [userId], traits: {}, createdAt };
  profiles.push(profile);
  return profile;
}

function merge(profiles: SegmentProfile[], { into, userId }: { into: SegmentProfile; userId: string }): void {
  const other = find(profiles, userId);
  if (other === into) return;
  if (other !== undefined) profiles.splice(profiles.indexOf(other), 1);
  into.userIds.push(...(other?.userIds ?? [userId]));
  into.traits = { ...other?.traits, ...into.traits };
}
