import { randomUUID } from "node:crypto";
import express, { type Request, type Response } from "express";
import { z } from "zod";
import type { Clock } from "../../lib/clock.ts";
import { type Listening, serve } from "../../lib/server.ts";
import { createActivity } from "../activity.ts";
import { type Interference, interferable } from "../interference.ts";
import { dashboardRoutes } from "./dashboards.ts";
import { deletePersons } from "./deletion.ts";
import { evaluateFlags, setFlag } from "./flags.ts";
import { hogFunctionRoutes, liveDestinations } from "./hog-functions.ts";
import { readPasted } from "./pasted.ts";
import { find, nameOf, personAfter } from "./persons.ts";
import { queryEvents } from "./query.ts";
import { anyKey, type KeyLimits, scoped } from "./scopes.ts";
import { type CapturedEvent, emptyPostHogState, type PostHogPerson, type PostHogState } from "./state.ts";
import { createWebhooks, type Destination } from "./webhooks.ts";

/** An event to capture; what is left out is made up. */
export interface Capture {
  event: string;
  distinctId: string;
  properties?: Record<string, unknown>;
  uuid?: string;
  timestamp?: string;
}

export interface LocalPostHog extends Pick<Listening, "url" | "close"> {
  state: PostHogState;
  /** How often persons were read over the API. */
  reads: { calls: number };
  /** What its personal API key may do, and whether its webhooks can be signed, which older ones cannot. */
  settings: KeyLimits & { hasSigning: boolean };
  /** Where events go as long as no destination was made over the API. */
  connect(destination: Destination): void;
  /** Takes an event in, as its API does, and answers its uuid. */
  capture(capture: Capture): string;
  /** Sends an event to the destination once more. */
  resend(eventUuid: string): void;
  /**
   * Sends a webhook's body as it is, signed, and answers the delivery's id. Where it is PostHog's own
   * form, the person and the event in it are known from then on. Throws when nothing is connected.
   */
  deliver(body: string): string;
  /** Sets properties of a person without any event; undefined takes one away. Throws for somebody unknown. */
  setPerson(distinctId: string, properties: Record<string, unknown>): void;
  deletePerson(distinctId: string): void;
  /** Makes a feature flag, or changes it: for everybody, or only for the people named. A text is the variant. */
  setFlag(key: string, value: boolean | string, distinctIds?: string[]): void;
  /** Resolves when every delivery has come to its end or waits for its retry. */
  idle(): Promise<void>;
  interfere(interference: Interference | null): void;
}

const MOST_DISTINCT_IDS = 200;

const Batch = z.object({
  api_key: z.string(),
  batch: z.array(
    z.object({
      event: z.string().min(1),
      distinct_id: z.string().min(1),
      uuid: z.uuid().optional().catch(undefined),
      timestamp: z.string().optional(),
      properties: z.record(z.string(), z.unknown()).default({}),
    }),
  ),
});

/** PostHog on this machine as far as the bridge can tell: capture, persons, events, flags, and webhooks that are signed and retried. */
export async function openLocalPostHog({
  projectToken,
  personalApiKey,
  projectId,
  clock,
  port,
  state: remembered,
}: {
  projectToken: string;
  personalApiKey: string;
  /** The only project; any will do when it is left out. */
  projectId?: string;
  clock: Clock;
  port: number;
  state?: PostHogState | undefined;
}): Promise<LocalPostHog> {
  // What was saved by an earlier version may lack what came since.
  const state: PostHogState = { ...emptyPostHogState(), ...remembered };
  const settings: LocalPostHog["settings"] = { ...anyKey(), hasSigning: true };
  let destination: Destination | null = null;
  const reads = { calls: 0 };
  const activity = createActivity(clock);
  const interference = interferable();
  const webhooks = createWebhooks({ state, destinations, clock, activity });

  const app = express()
    .disable("x-powered-by")
    .use(interference.handler)
    .use(express.json({ limit: "20mb" }))
    .post("/batch", (request, response) => {
      const batch = Batch.safeParse(request.body);
      if (!batch.success)
        return void response.status(400).json({ type: "validation_error", detail: "not a batch of events" });
      if (batch.data.api_key !== projectToken)
        return void response.status(401).json({ type: "authentication_error", detail: "unknown project token" });
      for (const { distinct_id, timestamp, uuid, ...event } of batch.data.batch) {
        capture({
          ...event,
          distinctId: distinct_id,
          ...(timestamp !== undefined && { timestamp }),
          ...(uuid !== undefined && { uuid }),
        });
      }
      response.json({ status: "Ok" });
    })
    .post("/flags", evaluateFlags({ state, projectToken, clock }))
    .use("/api", authorize, scoped(settings), ofProject)
    .post("/api/projects/:projectId/persons/batch_by_distinct_ids", (request, response) => {
      const ids = z.array(z.string()).max(MOST_DISTINCT_IDS).safeParse(request.body.distinct_ids);
      if (!ids.success)
        return void response
          .status(400)
          .json({ type: "validation_error", detail: `distinct_ids must be up to ${MOST_DISTINCT_IDS} strings` });
      reads.calls += 1;
      const found = ids.data.flatMap((distinctId) => {
        const person = find(state.persons, distinctId);
        return person === undefined
          ? []
          : [[distinctId, { ...publicPerson(person), id: state.persons.indexOf(person) + 1 }]];
      });
      response.json({ results: Object.fromEntries(found) });
    })
    .post("/api/projects/:projectId/persons/bulk_delete", deletePersons(state))
    .use("/api/projects/:projectId", dashboardRoutes(state), hogFunctionRoutes({ state, settings }))
    .post("/api/projects/:projectId/query", queryEvents({ state }))
    .get("/api/projects/:projectId/persons", (request, response) => {
      const person = find(state.persons, String(request.query.distinct_id));
      response.json({
        results: person === undefined ? [] : [{ ...publicPerson(person), id: person.uuid }],
        next: null,
        previous: null,
      });
    })
    .use((_request, response) => {
      response.status(404).json({ type: "invalid_request", detail: "the local PostHog does not know this route" });
    });

  const server = await serve(app, { port, host: "127.0.0.1" });
  return {
    url: server.url,
    close: server.close,
    state,
    reads,
    settings,
    connect(target) {
      destination = target;
    },
    capture,
    resend: webhooks.resend,
    deliver(body) {
      const event = readPasted(body, nowText());
      if (event === null) return webhooks.deliver({ eventUuid: "", event: "not readable", distinctId: "", body });
      const { uuid: eventUuid, event: name, distinctId } = event;
      if (!state.events.some(({ uuid }) => uuid === eventUuid)) keep(event);
      return webhooks.deliver({ eventUuid, event: name, distinctId, body });
    },
    setPerson(distinctId, properties) {
      const person = find(state.persons, distinctId);
      if (person === undefined) throw new Error(`the local PostHog knows nobody by the distinct id "${distinctId}"`);
      Object.assign(person.properties, properties);
      for (const [name, value] of Object.entries(properties)) if (value === undefined) delete person.properties[name];
    },
    deletePerson(distinctId) {
      state.persons = state.persons.filter((person) => person !== find(state.persons, distinctId));
    },
    setFlag(key, value, distinctIds) {
      setFlag(state, { key, value, distinctIds });
    },
    idle: activity.idle,
    interfere: interference.set,
  };

  function capture({ event, distinctId, properties = {}, uuid = randomUUID(), timestamp }: Capture): string {
    const now = nowText();
    const captured = { uuid, event, distinctId, properties, timestamp: timestamp ?? now, capturedAt: now };
    webhooks.send(captured, keep(captured));
    return uuid;
  }

  /** Answers its person as of then. */
  function keep(captured: CapturedEvent): PostHogPerson | null {
    const person = personAfter({ state, event: captured });
    const personThen = person && { id: person.uuid, properties: structuredClone(person.properties) };
    state.events.push({ ...captured, person: personThen });
    return person;
  }

  function destinations(): Destination[] {
    if (state.hogFunctions.length > 0) return liveDestinations(state);
    return destination === null ? [] : [destination];
  }

  function nowText(): string {
    return new Date(clock.now()).toISOString();
  }

  function ofProject(request: Request, response: Response, next: () => void): void {
    const [, asked] = /^\/projects\/([^/]+)/.exec(request.path) ?? [];
    if (asked === undefined || projectId === undefined || asked === projectId) next();
    else response.status(404).json({ type: "invalid_request", code: "not_found", detail: "Project not found." });
  }

  function authorize(request: Request, response: Response, next: () => void): void {
    if (request.get("authorization") === `Bearer ${personalApiKey}`) next();
    else
      response
        .status(401)
        .json({ type: "authentication_error", code: "authentication_failed", detail: "Invalid personal API key." });
  }
}

function publicPerson({ uuid, distinctIds, properties, createdAt }: PostHogPerson) {
  return {
    uuid,
    name: nameOf(properties) ?? distinctIds[0],
    distinct_ids: distinctIds.slice(0, 10),
    properties,
    created_at: createdAt,
    last_seen_at: null,
  };
}
