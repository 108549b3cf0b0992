import { z } from "zod";
import { Source } from "./event.ts";
import { Run } from "./run.ts";

const Field = z.string().nullable().optional();

/** The profile that Novu keeps of a person; `subscriberId` is the distinct id. A field that is null is removed there, one that is left out stays. */
export const Subscriber = z.object({
  subscriberId: z.string().min(1),
  email: Field,
  firstName: Field,
  lastName: Field,
  phone: Field,
  avatar: Field,
  /** Language and region, such as en_US. */
  locale: Field,
  /** IANA, such as Europe/Berlin. */
  timezone: Field,
  data: z.record(z.string(), z.unknown()).optional(),
});
export type Subscriber = z.infer<typeof Subscriber>;
/** The fields of a subscriber that Novu may refuse, and do without. */
export type ProfileField = Exclude<keyof Subscriber, "subscriberId">;

/** What an event says of its person, for Novu to know. */
export const Profile = z.object({
  subscriber: Subscriber,
  /** ISO 8601 */
  occurredAt: z.iso.datetime(),
  eventUuid: z.string().min(1),
  /** Who told of it. */
  source: Source.optional(),
});
export type Profile = z.infer<typeof Profile>;

/** What a source that keeps no persons has told of one; what it names and leaves undefined is no more. */
export interface Traits {
  distinctId: string;
  /** ISO 8601 */
  occurredAt: string;
  /** As they were read, or as they came where they cannot be read. */
  properties: Record<string, unknown>;
}

/** Two distinct ids are one person's: what is kept by the former counts for the kept one, and the other way round. */
export interface Merge {
  formerId: string;
  keptId: string;
  /** ISO 8601 */
  occurredAt: string;
}

/** An id that an event says is its person's as well. */
export const Join = z.object({
  formerId: z.string().min(1),
  keptId: z.string().min(1),
  /** ISO 8601 */
  occurredAt: z.iso.datetime(),
  /** When the event came to us, ISO 8601. */
  receivedAt: z.iso.datetime(),
  eventUuid: z.string().min(1),
  /** Whether PostHog is to be asked first: it does not make one person of two identified ones, and forwards the event all the same. */
  ask: z.boolean(),
  /** Whether both ids are one person from then on; else the former is a device's, which several people may use. */
  merge: z.boolean(),
});
export type Join = z.infer<typeof Join>;

/**
 * How often one person may enter a workflow: whenever it is started, `once` ever, once in a time,
 * or only when no earlier run of theirs is in progress.
 */
export const EntryLimit = z.union([
  z.enum(["always", "once", "one at a time"]),
  z.object({ oncePerMs: z.number().positive() }),
]);
export type EntryLimit = z.infer<typeof EntryLimit>;

/** Starts only once a person has done this so often within a time. */
export const Occurrence = z.object({
  nth: z.number().int().min(2),
  withinMs: z.number().positive(),
});
export type Occurrence = z.infer<typeof Occurrence>;

/** A workflow to start at Novu. */
export const Start = z.object({
  workflow: z.string().min(1),
  run: Run,
  to: Subscriber,
  payload: z.record(z.string(), z.unknown()),
  /** From when, ISO 8601, and for how long it waits for an address of the person; null when it does not wait. */
  addressWait: z.object({ since: z.iso.datetime(), forMs: z.number() }).nullable().default(null),
  /** Later than that it is not to be started any more, ISO 8601; null when any time will do. */
  startBy: z.iso.datetime().nullable().default(null),
  entry: EntryLimit.default("always"),
  occurrence: Occurrence.nullable().default(null),
});
export type Start = z.infer<typeof Start>;

/** A person did what a workflow was waiting for: its runs for this person end. */
export const Exit = z.object({
  workflow: z.string().min(1),
  distinctId: z.string().min(1),
  eventUuid: z.string().min(1),
  eventName: z.string().min(1),
  /** ISO 8601 */
  occurredAt: z.iso.datetime(),
});
export type Exit = z.infer<typeof Exit>;

/** What an event causes. */
export interface Routing {
  starts: Start[];
  exits: Exit[];
  /** None when left out. */
  profiles?: Profile[];
  /** None when left out. */
  merges?: Merge[];
  /** None when left out. */
  joins?: Join[];
  /** None when left out. */
  traits?: Traits[];
}
