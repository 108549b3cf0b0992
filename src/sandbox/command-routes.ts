import { Router } from "express";
import type { Clock } from "../lib/clock.ts";
import type { Attempt } from "./signed-webhook.ts";

/** The last attempt of a delivery, null before the first answer; `delivery` is the delivery's id. */
export interface LastAttempt {
  delivery: string;
  attempt: Pick<Attempt, "status" | "answer"> | null;
}

/** Routes for `npm run event` that the real services do not have: the time, and the newest delivery of an event. */
export function commandRoutes(
  state: { deliveries: Array<{ id: string; eventUuid: string; attempts: Attempt[] }> },
  clock: Clock,
): Router {
  return Router()
    .get("/sandbox/time", (_request, response) => {
      response.json({ now: clock.now() });
    })
    .get("/sandbox/deliveries/:event", ({ params }, response) => {
      const newest = state.deliveries.findLast(({ eventUuid }) => eventUuid === params.event);
      const last: LastAttempt | null = newest ? { delivery: newest.id, attempt: newest.attempts.at(-1) ?? null } : null;
      response.json(last);
    });
}
