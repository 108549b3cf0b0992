import { type InternalRule, isSoundId, type LifecycleEvent } from "../../contracts/event.ts";
import type { SegmentNames } from "../../contracts/product.ts";
import type { WorkflowRoutes } from "../../contracts/workflow.ts";
import { pseudonymOf } from "../../lib/rehearsal-files.ts";
import { whyNoPerson } from "../../routing/person.ts";
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
    const { problems } = route({ ...event, properties: recording(event.properties, read) });
    if (problems.some(({ cause }) => cause === "internal")) return null;
    const body = bodyOf(hashEvent(event, read), names);
    return body === null ? null : { ...line, body };
  };

  function hashEvent(event: LifecycleEvent, read: Set<string>): LifecycleEvent {
    const { uuid, distinctId, previousId, deviceId, properties, personProperties, changedProperties } = event;
    const person = personProperties === null ? null : hashPerson(personProperties, pseudonym);
    const ids = [distinctId, previousId, deviceId].filter((id) => id !== undefined);
    const isEngines = (name: string) => ENGINE_PROPERTIES.has(name) || name === PREVIOUS_ID.get(event.name);
    const kept = Object.entries(properties).filter(([name]) => read.has(name) && !isEngines(name));
    const others = hashTexts(Object.fromEntries(kept), pseudonym, ids) as Record<string, unknown>;
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

  function hashReply(body: Extract<HistoryLine, { source: "reply" }>["body"]) {
    const distinct_id = hashId(body.distinct_id);
    if (body.kind === "opt-out") return { ...body, distinct_id };
    const [, uuid, rest] = /^(.+)(:[^:]+)$/s.exec(body.transaction_id) ?? [];
    return { ...body, distinct_id, ...(uuid !== undefined && { transaction_id: `${hashUuid(uuid)}${rest}` }) };
  }
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
