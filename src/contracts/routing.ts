import { z } from "zod";
import { PermanentError } from "../lib/errors.ts";
import { Source } from "./event.ts";
import { ExitMatch, MatchKeys } from "./exit-match.ts";
import { NovuContext } from "./novu.ts";
import { Run } from "./run.ts";
import { PERSON_SOURCES } from "./sources.ts";

const Field = z.string().nullable().optional();

/** A subscriber of Novu; its id is the distinct id. Novu removes a field that is null, and keeps an absent field. */
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
/** Novu may refuse one of these fields and accept the others. */
export type ProfileField = Exclude<keyof Subscriber, "subscriberId">;

/** The subscriber as of an event. */
export const Profile = z.object({
  subscriber: Subscriber,
  /** ISO 8601 */
  occurredAt: z.iso.datetime(),
  eventUuid: z.string().min(1),
  /** The source of the event; PostHog when absent. */
  source: Source.optional(),
});
export type Profile = z.infer<typeof Profile>;

/** The recipient of a trigger, as the subscriber was at that time. */
export const Recipient = Profile.pick({ subscriber: true, occurredAt: true }).extend({
  /** Whether the person has an email address of their own; the trigger may leave it out of the subscriber. */
  hasEmail: z.boolean().default(true),
});
export type Recipient = z.infer<typeof Recipient>;

/**
 * Person properties of an event, to be stored here because the source does not have all of them. An undefined value
 * removes the property.
 */
export interface Traits {
  distinctId: string;
  /** ISO 8601 */
  occurredAt: string;
  /** The read value of each property, or its raw value if it cannot be read. */
  properties: Record<string, unknown>;
}

/** Another id that an event names for its person. */
export const MergeRequest = z.object({
  previousId: z.string().min(1),
  currentId: z.string().min(1),
  /** ISO 8601 */
  occurredAt: z.iso.datetime(),
  /** When we received the event, ISO 8601. */
  receivedAt: z.iso.datetime(),
  eventUuid: z.string().min(1),
  /** The source to ask first whether both ids are one person there; null for a source that always merges the ids. */
  checkAt: z.enum(PERSON_SOURCES).nullable(),
  /** Whether both ids are one person from then on. False for the id of a device, which several people may use. */
  merge: z.boolean(),
});
export type MergeRequest = z.infer<typeof MergeRequest>;
/** Two distinct ids of one person. A record of one id counts for both. */
export type Merge = Pick<MergeRequest, "previousId" | "currentId" | "occurredAt">;

/**
 * How often one person may enter a workflow: at every start, `once` ever, once within `oncePerMs`, or only while no
 * earlier run of the person is in progress (`one at a time`).
 */
export const EntryLimit = z.union([
  z.enum(["always", "once", "one at a time"]),
  z.object({ oncePerMs: z.number().positive() }),
]);
export type EntryLimit = z.infer<typeof EntryLimit>;

/** The workflow starts only at a person's nth such event within `withinMs`. */
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
  /** Absent in a workflow whose exit events end all runs of a person. */
  matchKeys: MatchKeys.optional(),
  /** How long the start waits for an address of the person: `forMs` from `since`, ISO 8601; null for no wait. */
  addressWait: z.object({ since: z.iso.datetime(), forMs: z.number() }).nullable().default(null),
  /** The latest time of the start, ISO 8601; null for no limit. */
  startBy: z.iso.datetime().nullable().default(null),
  entry: EntryLimit.default("always"),
  occurrence: Occurrence.nullable().default(null),
  /** Novu's context, such as the account: an id for each type; absent where there is none. */
  context: NovuContext.optional(),
  /** Set where the event starts the workflow for several people, of whom two may be the same person. */
  isOneOfSeveral: z.literal(true).optional(),
});
export type Start = z.infer<typeof Start>;

/** Ends runs, or a wait, of this workflow: of the runs that match, or of all runs of this person. */
export const Exit = z.object({
  workflow: z.string().min(1),
  distinctId: z.string().min(1),
  eventUuid: z.string().min(1),
  eventName: z.string().min(1),
  /** ISO 8601 */
  occurredAt: z.iso.datetime(),
  /** Absent for all runs of the person. */
  matches: z.array(ExitMatch).optional(),
});
export type Exit = z.infer<typeof Exit>;

/** The effects of an event. A list that is absent is empty. */
export interface Routing {
  starts: Start[];
  exits: Exit[];
  /** The waits that the event ends; the name in `workflow` is a `waitName`. */
  awaited?: Exit[];
  profiles?: Profile[];
  merges?: Merge[];
  mergeRequests?: MergeRequest[];
  traits?: Traits[];
}

/** Novu refused these fields of a subscriber, and may accept the other fields. */
export class RefusedFieldsError extends PermanentError {
  readonly fields: ProfileField[];

  constructor(message: string, fields: ProfileField[]) {
    super(message);
    this.fields = fields;
  }
}
