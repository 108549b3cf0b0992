import { z } from "zod";
import type { LifecycleEvent } from "../contracts/event.ts";
import { Occurrence } from "../contracts/notification.ts";
import { type PersonProperties, readPerson } from "../contracts/person.ts";
import { trackUnreadable } from "./track-unreadable.ts";
import { type Duration, toMs } from "./wait.ts";

/** Which events start a workflow, or end it. */
export interface EventMatcher {
  /** By its name, as PostHog forwards it. */
  event: string;
  /**
   * Whether this one of that name is meant; `unreadable` when that rests on a property of the person that
   * cannot be read. Pure, and throws nothing that it was not handed.
   */
  wants(event: LifecycleEvent): boolean | "unreadable";
  occurrence: Occurrence | null;
  /** Set when our own sweep is to look for the people it is about. */
  inactiveForDays?: number;
}

interface Which<Properties extends z.ZodObject> {
  /** The event's properties that `where` reads. An event in which one is missing or of another type is not meant. */
  properties?: Properties;
  /** Which of these events are meant, by what travelled with them: the event's properties and the person's. */
  where?(facts: { properties: z.output<Properties>; person: PersonProperties }): boolean;
  /** Only with the nth such event of a person within a time. */
  occurrence?: { nth: number; within: Duration };
}

/** Events of a name, or some of them. */
export function event<Properties extends z.ZodObject = z.ZodObject<Record<never, never>>>(
  name: string,
  { properties, where, occurrence }: Which<Properties> = {},
): EventMatcher {
  return {
    event: name,
    occurrence: occurrence === undefined ? null : occurrenceOf(name, occurrence),
    wants(event) {
      const read = properties?.safeParse(event.properties) ?? { success: true, data: {} };
      if (!read.success) return false;
      if (where === undefined) return true;
      const { properties: person, usedUnreadable } = trackUnreadable(readPerson(event.personProperties ?? {}));
      const isMeant = where({ properties: read.data as z.output<Properties>, person });
      return usedUnreadable().length > 0 ? "unreadable" : isMeant;
    },
  };
}

/** Found out here, and not when the first event is to be delivered. */
function occurrenceOf(name: string, { nth, within }: { nth: number; within: Duration }): Occurrence {
  const occurrence = Occurrence.safeParse({ nth, withinMs: toMs(within) });
  if (occurrence.success) return occurrence.data;
  throw new Error(`the occurrence of "${name}" cannot be counted: ${z.prettifyError(occurrence.error)}`);
}
