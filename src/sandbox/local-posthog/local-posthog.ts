import { randomUUID } from "node:crypto";
import express, { type Express } from "express";
import type { Clock } from "../../lib/clock.ts";
import { serve } from "../../lib/server.ts";
import { createActivity } from "../activity.ts";
import { commandRoutes } from "../command-routes.ts";
import type { EventEffects } from "../event-effects.ts";
import { createFaultInjection } from "../fault-injection.ts";
import type { Attempt } from "../signed-webhook.ts";
import { authorize, ofProject, scoped } from "./access.ts";
import { captureBatch, eventIn, pastEvent, type Report } from "./capture.ts";
import { cohortControls, cohortRoutes } from "./cohorts.ts";
import { dashboardRoutes, insightRoutes } from "./dashboards.ts";
import { definitionRoutes } from "./definitions.ts";
import { evaluateFlags, setFlag } from "./flags.ts";
import { hogFunctionRoutes, liveDestinations } from "./hog-functions.ts";
import { find, personAfter, personRoutes, setProperties } from "./persons.ts";
import { answerQueries } from "./queries.ts";
import { type CapturedEvent, emptyPostHogState, type PostHogPerson, type PostHogState } from "./state.ts";
import { createWebhooks, type Destination } from "./webhooks.ts";

export type LocalPostHog = Awaited<ReturnType<typeof openLocalPostHog>>;

interface PostHogOptions {
  projectToken: string;
  personalApiKey: string;
  /** The id of the only project. If it is absent, the API accepts every project id. */
  projectId?: string;
  /** Only the newest event of each name and person is kept, and no delivery. */
  isRehearsal?: boolean;
  clock: Clock;
  port: number;
  state?: PostHogState | undefined;
  /** The effects of an event, for a route that only the sandbox has. */
  effectsOf?: (eventUuid: string) => Promise<EventEffects>;
}

/**
 * `scopes` are those of the personal API key, such as `hog_function:write`, or "*" for all; a write scope includes
 * reading. `hasSigning` is false for an older PostHog, which cannot sign webhooks.
 */
const SETTINGS = { scopes: ["*"], hasSigning: true };

/** The parts of PostHog that the bridge uses: capture, persons, events, definitions, flags, and signed webhooks. */
export async function openLocalPostHog({
  projectToken,
  personalApiKey,
  projectId,
  isRehearsal = false,
  clock,
  port,
  state: savedState,
  effectsOf,
}: PostHogOptions) {
  // The saved state of an earlier version lacks newer fields.
  const state: PostHogState = { ...emptyPostHogState(), ...savedState };
  const settings = { ...SETTINGS };
  /** The number of API calls that read persons in a batch. */
  const reads = { calls: 0 };
  let destination: Destination | null = null;
  const newest = newestEvents();
  const activity = createActivity(clock);
  const faults = createFaultInjection();
  const webhooks = createWebhooks({ state, destinations, keepsDeliveries: !isRehearsal, clock, activity });
  const server = await serve(api(), { port, host: "127.0.0.1" });
  return {
    url: server.url,
    close: server.close,
    state,
    reads,
    settings,
    /** Events go to this target until a destination is made over the API. */
    connect(target: Destination): void {
      destination = target;
    },
    capture,
    resend: webhooks.resend,
    /**
     * Signs a webhook's body, sends it unchanged, and returns the delivery's id. If the body has PostHog's own form,
     * its person and event are saved first. Throws if no destination is connected.
     */
    deliver(body: string): string {
      const event = eventIn(body, nowText());
      if (event === null) return webhooks.deliver({ eventUuid: "", event: "not readable", distinctId: "", body }).id;
      const { uuid: eventUuid, event: name, distinctId } = event;
      if (!state.events.some(({ uuid }) => uuid === eventUuid)) insert(event);
      return webhooks.deliver({ eventUuid, event: name, distinctId, body }).id;
    },
    /**
     * Sends a webhook's body of the past again, unless `isSilent`. The person has the properties of the body from then
     * on. Returns the attempts of the delivery, which come later.
     */
    replay(body: string, { isSilent }: { isSilent: boolean }): Attempt[] {
      const past = pastEvent(body, nowText());
      if (past !== null) replayEvent(past);
      if (isSilent) return [];
      const { uuid: eventUuid = "", event = "not readable", distinctId = "" } = past?.event ?? {};
      return webhooks.deliver({ eventUuid, event, distinctId, body }).attempts;
    },
    /** Sets properties of a person without an event; undefined removes a property. Throws for an unknown person. */
    setPerson: (distinctId: string, properties: Record<string, unknown>) =>
      setProperties(state.persons, distinctId, properties),
    /** undefined for an unknown person. */
    propertiesOf: (distinctId: string) => find(state.persons, distinctId)?.properties,
    deletePerson(distinctId: string): void {
      state.persons = state.persons.filter((person) => person !== find(state.persons, distinctId));
    },
    /** Adds or changes a feature flag, for all people or only for `distinctIds`. A text value is the variant. */
    setFlag: (key: string, value: boolean | string, distinctIds?: string[]) =>
      setFlag(state, { key, value, distinctIds }),
    ...cohortControls(state, nowText),
    /** Resolves when every delivery has ended or waits for its retry. */
    idle: activity.idle,
    tasks: activity.count,
    injectFault: faults.set,
  };

  /** Ingests an event as the capture API does, and returns the event's uuid. */
  function capture({ event, distinctId, properties = {}, uuid = randomUUID(), timestamp }: Report): string {
    const now = nowText();
    const captured = { uuid, event, distinctId, properties, timestamp: timestamp ?? now, capturedAt: now };
    webhooks.send(captured, insert(captured));
    return uuid;
  }

  function replayEvent({ event, person }: NonNullable<ReturnType<typeof pastEvent>>): void {
    const known = find(state.persons, event.distinctId);
    // The snapshot came with the event, so it is newer than the person here.
    if (known !== undefined && person !== null) known.properties = person;
    insert(known === undefined ? { ...event, properties: { ...event.properties, $set_once: person } } : event);
  }

  /** Saves the event, and returns its person as of this event. */
  function insert(captured: CapturedEvent): PostHogPerson | null {
    const person = personAfter(state, captured);
    if (isRehearsal) {
      newest.keep(captured);
      return person;
    }
    const personThen = person && { id: person.uuid, properties: structuredClone(person.properties) };
    state.events.push({ ...captured, person: personThen });
    return person;
  }

  /** The capture and flags endpoints, and the private API behind the personal API key. */
  function api(): Express {
    return express()
      .disable("x-powered-by")
      .disable("etag")
      .use(commandRoutes(state, clock, effectsOf))
      .use(activity.countRequest)
      .use(faults.answer, faults.delay)
      .use(express.json({ limit: "20mb" }))
      .post("/batch", captureBatch(projectToken, capture))
      .post("/flags", evaluateFlags(state, projectToken, clock))
      .use("/api", authorize(personalApiKey), scoped(settings), ofProject(projectId))
      .use(
        "/api/projects/:projectId",
        personRoutes(state, reads),
        dashboardRoutes(state),
        insightRoutes(state),
        hogFunctionRoutes(state, settings),
        definitionRoutes(state, clock),
        cohortRoutes(state),
      )
      .post(
        "/api/projects/:projectId/query",
        answerQueries(() => (isRehearsal ? { ...state, events: newest.events() } : state)),
      )
      .use((_request, response) => {
        response.status(404).json({ type: "invalid_request", detail: "the local PostHog does not have this route" });
      });
  }

  function destinations(): Destination[] {
    if (state.hogFunctions.length > 0) return liveDestinations(state);
    return destination === null ? [] : [destination];
  }

  function nowText(): string {
    return new Date(clock.now()).toISOString();
  }
}

/** The newest event of each name and person, with the properties by which PostHog identifies a person. */
function newestEvents() {
  const byKey = new Map<string, CapturedEvent>();
  return {
    keep({ properties, ...event }: CapturedEvent): void {
      const { $process_person_profile, $is_identified, $device_id } = properties;
      const identity = { $process_person_profile, $is_identified, $device_id };
      const key = JSON.stringify([event.distinctId, event.event, identity]);
      if ((byKey.get(key)?.timestamp ?? "") <= event.timestamp) byKey.set(key, { ...event, properties: identity });
    },
    events: () => [...byKey.values()],
  };
}
