import { type InternalRule, isSoundId, type LifecycleEvent } from "../../contracts/event.ts";
import type { SegmentNames } from "../../contracts/product.ts";
import { eventUuidOf, recipientIdOf } from "../../contracts/run.ts";
import type { WorkflowRoutes } from "../../contracts/workflow.ts";
import { pseudonymOf } from "../../lib/rehearsal-files.ts";
import { whyNoPerson } from "../../routing/person.ts";
import { whyInternal } from "../../routing/recipients.ts";
import { createRoute } from "../../routing/route.ts";
import { isObject } from "../../sources/event-fields.ts";
import { PREVIOUS_ID } from "../../sources/posthog/event.ts";
import type { HistoryLine } from "../history.ts";
import { bodyOf } from "./bodies.ts";
import { isEvent } from "./events.ts";
import { declaredNamesIn, hashPerson, hashTexts } from "./hash-person.ts";
import type { Arrival } from "./spool.ts";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const PLACEHOLDER = "undefined";
/** PostHog's facts about a visitor. */
const FLAGS = ["$is_identified", "$process_person_profile"];
const ENGINE_PROPERTIES = new Set([...FLAGS, "$device_id", "$set", "$set_once", "$unset"]);

/**
 * Makes a line without real ids, addresses, numbers and names, and with only the properties that the workflows or the
 * app read. The app decides about the line as about the real one. Answers null for the event of an internal user,
 * because the rules about internal users do not match a pseudonym.
 */
export function createHash({
  key,
  workflows,
  internalUsers,
  names,
}: {
  key: string;
  workflows: WorkflowRoutes[];
  internalUsers: InternalRule[];
  names: SegmentNames;
}): (arrival: Pick<Arrival, "line" | "event">) => HistoryLine | null {
  const route = createRoute(workflows, internalUsers);
  const pseudonym = (text: string) => pseudonymOf(key, text);
  /** The names that were read in earlier events, by the name of the event; for the events of the workflows. */
  const readNames = new Map(workflows.flatMap(({ events }) => events).map((name) => [name, new Set<string>()]));

  return ({ line, event }) => {
    if (!isEvent(line)) return { ...line, body: hashReply(line.body) } as HistoryLine;
    if (event === null) return null;
    const read = readNames.get(event.name) ?? new Set();
    const { starts, exits, problems } = route({ ...event, properties: recording(event.properties, read) });
    // Not for an event with an internal recipient, which has other effects.
    if (starts.length + exits.length === 0 && problems.some(({ cause }) => cause === "internal")) return null;
    const body = bodyOf(hashEvent(event, read), names);
    return body === null ? null : { ...line, body };
  };

  function hashEvent(event: LifecycleEvent, read: Set<string>): LifecycleEvent {
    const { uuid, distinctId, previousId, deviceId, properties, personProperties, changedProperties } = event;
    const person = personProperties === null ? null : hashPerson(personProperties, pseudonym);
    const ids = [distinctId, previousId, deviceId].filter((id) => id !== undefined);
    const isEngines = (name: string) => ENGINE_PROPERTIES.has(name) || name === PREVIOUS_ID.get(event.name);
    const kept = Object.entries(properties).filter(([name]) => read.has(name) && !isEngines(name));
    const listed = hashListed(Object.fromEntries(kept), listedIds(event));
    const others = hashTexts(listed, pseudonym, ids) as Record<string, unknown>;
    return {
      ...event,
      uuid: hashUuid(uuid),
      distinctId: hashId(distinctId),
      properties: { ...others, ...engineProperties(event, person) },
      personProperties: person,
      ...(previousId !== undefined && { previousId: hashId(previousId) }),
      ...(deviceId !== undefined && { deviceId: hashId(deviceId) }),
      ...(changedProperties !== undefined && { changedProperties: declaredNamesIn(changedProperties) }),
    };
  }

  /** The ids that the workflows read from an event as its recipients, also where the event does not fit. */
  function listedIds(event: LifecycleEvent): Set<string> {
    const lists = workflows.flatMap(({ events, recipients }) => {
      if (recipients === undefined || !events.includes(event.name)) return [];
      try {
        return [recipients(event)];
      } catch {
        return [];
      }
    });
    return new Set(lists.flat(Infinity).map(listedId));
  }

  /** The value with the pseudonym of each of these ids, at any depth. Lists lose the ids of internal users. */
  function hashListed(value: unknown, ids: Set<string>): unknown {
    if (ids.size === 0) return value;
    if (Array.isArray(value)) return value.filter((one) => !isInternal(one)).map((one) => hashListed(one, ids));
    if (isObject(value))
      return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, hashListed(one, ids)]));
    const id = listedId(value);
    return id !== "" && ids.has(id) ? hashId(id) : value;

    function isInternal(one: unknown): boolean {
      const id = listedId(one);
      return id !== "" && ids.has(id) && whyInternal([id], internalUsers) !== null;
    }
  }

  /** PostHog's own properties that the app reads. Segment's events have none of them. */
  function engineProperties(
    { name, properties, previousId }: LifecycleEvent,
    person: Record<string, unknown> | null,
  ): Record<string, unknown> {
    const previous = PREVIOUS_ID.get(name);
    const { $device_id, $set, $set_once, $unset } = properties;
    const flags = FLAGS.filter((flag) => flag in properties).map((flag) => [flag, flagIn(properties[flag])]);
    return {
      ...Object.fromEntries(flags),
      ...(typeof $device_id === "string" && { $device_id: hashId($device_id) }),
      ...(previous !== undefined && previousId !== undefined && { [previous]: hashId(previousId) }),
      ...(isObject($set) && { $set: setIn($set, person) }),
      ...(isObject($set_once) && { $set_once: setIn($set_once, person) }),
      ...(Array.isArray($unset) && { $unset: unsetIn($unset, person) }),
    };
  }

  /** A placeholder stays a placeholder, and another id stays the id of a person or of none. */
  function hashId(id: string): string {
    if (!isSoundId(id)) return PLACEHOLDER;
    if (whyNoPerson({ distinctId: id }) === null) return pseudonym(id);
    return id.startsWith("$") ? `$${pseudonym(id)}` : PLACEHOLDER;
  }

  function hashUuid(uuid: string): string {
    return UUID.test(uuid) ? uuid : pseudonymOf(key, uuid, "e");
  }

  function hashRunId(transactionId: string, distinctId: string): string {
    const workflow = transactionId.split(":").at(-1) ?? "";
    const uuid = eventUuidOf(transactionId, workflow);
    if (uuid === null) return transactionId;
    const eventUuid = hashUuid(uuid);
    const isOwn = transactionId === `${uuid}:${workflow}`;
    return isOwn ? `${eventUuid}:${workflow}` : recipientIdOf({ eventUuid, workflow, distinctId });
  }

  function hashReply(body: Extract<HistoryLine, { source: "reply" }>["body"]) {
    const distinct_id = hashId(body.distinct_id);
    if (body.kind === "opt-out") return { ...body, distinct_id };
    return { ...body, distinct_id, transaction_id: hashRunId(body.transaction_id, distinct_id) };
  }
}

/** A text or a number as an id; empty for another value, which is no id. */
function listedId(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value).trim() : "";
}

/** The same object, which notes the names of the properties that are read. */
function recording(properties: Record<string, unknown>, read: Set<string>): Record<string, unknown> {
  const note = (name: string | symbol) => typeof name === "string" && read.add(name);
  return new Proxy(properties, {
    get(target, name) {
      note(name);
      return Reflect.get(target, name);
    },
    has(target, name) {
      note(name);
      return Reflect.has(target, name);
    },
  });
}

/** The values are those of the person, which has what the event sets, except what it unsets too. */
function setIn(set: Record<string, unknown>, person: Record<string, unknown> | null): Record<string, unknown> {
  return Object.fromEntries(declaredNamesIn(Object.keys(set)).map((name) => [name, person?.[name] ?? null]));
}

/** Another spelling of a property may be unset while the person still has the property. */
function unsetIn(unset: unknown[], person: Record<string, unknown> | null): string[] {
  const texts = unset.filter((name) => typeof name === "string");
  return texts.length < unset.length
    ? []
    : declaredNamesIn(texts).filter((name) => !(person !== null && name in person));
}

/** A value that may be read as a flag is short. */
function flagIn(value: unknown): unknown {
  return typeof value === "string" && value.length > 10 ? null : typeof value === "object" ? null : value;
}
