import { Router } from "express";
import type { Clock } from "../lib/clock.ts";
import type { EventEffects } from "./event-effects.ts";
import type { Attempt } from "./signed-webhook.ts";

/** The last attempt of a delivery, null before the first answer; `delivery` is the delivery's id. */
export interface LastAttempt {
  delivery: string;
  attempt: Pick<Attempt, "status" | "answer"> | null;
}

/** Routes for `npm run event` that the real services do not have: the time, an event's newest delivery, its effects. */
export function commandRoutes(
  state: { deliveries: Array<{ id: string; eventUuid: string; attempts: Attempt[] }> },
  clock: Clock,
  effectsOf?: (eventUuid: string) => Promise<EventEffects>,
): Router {
  return Router()
    .get("/sandbox/time", (_request, response) => {
      response.json({ now: clock.now() });
    })
    .get("/sandbox/deliveries/:event", ({ params }, response) => {
      const newest = state.deliveries.findLast(({ eventUuid }) => eventUuid === params.event);
      const last: LastAttempt | null = newest ? { delivery: newest.id, attempt: newest.attempts.at(-1) ?? null } : null;
      response.json(last);
    })
    .get("/sandbox/effects/:event", async ({ params }, response, next) => {
      if (effectsOf === undefined) return next();
      response.json(await effectsOf(params.event));
    });
}
