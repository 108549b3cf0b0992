import { type RequestHandler, Router } from "express";
import { Counter, Gauge, Registry } from "prom-client";
import type { Cause } from "../contracts/cause.ts";
import type { Decision } from "../contracts/decision.ts";
import type { Source } from "../contracts/event.ts";
import type { Queue } from "../contracts/job.ts";
import { DAY_MS } from "../lib/durations.ts";
import { equalSecrets } from "../lib/equal-secrets.ts";

/** What the store is asked for when somebody looks. */
export interface Depths {
  queues(): Promise<Array<{ queue: Queue; waiting: number; dead: number; oldestDueAt: number | null }>>;
  /** Since then, in milliseconds since 1970. */
  workflows(
    since: number,
  ): Promise<Array<{ workflow: string; entered: number; sent: number; skipped: number; failed: number }>>;
  /** Workflows that people have entered long enough ago, and that sent nothing. */
  silent(): Promise<string[]>;
}

/** How far back the counts of workflows go. */
const RECENT_MS = 7 * DAY_MS;

export type Metrics = ReturnType<typeof createMetrics>;

/**
 * Counts what happens, and shows it at `GET /metrics` as Prometheus reads it, with a `token` only to whoever
 * brings it. Names and numbers, nothing personal.
 */
export function createMetrics({
  depths,
  token,
  now,
}: {
  depths: Depths;
  token?: string | undefined;
  now: () => number;
}) {
  const registry = new Registry();
  const counter = (name: string, help: string, labelNames: string[]) =>
    new Counter({ name: `bridge_${name}_total`, help, labelNames, registers: [registry] });
  const gauge = (name: string, help: string, labelNames: string[]) =>
    new Gauge({ name: `bridge_${name}`, help, labelNames, registers: [registry] });

  const answers = counter("webhook_answers", "Answers to deliveries, by source and HTTP status", ["source", "status"]);
  const novuAnswers = counter("novu_webhook_answers", "Answers to Novu's deliveries, by HTTP status", ["status"]);
  const novuEvents = counter("novu_events", "What Novu told of messages, by what became of it", ["outcome"]);
  const events = counter("events", "Events by what became of them", ["outcome"]);
  const ignored = counter("ignored_events", "Deliveries, or parts of them, that caused nothing or something else", [
    "cause",
  ]);
  const jobs = counter("jobs", "Attempts at jobs, by how they ended", ["queue", "outcome"]);
  const triggers = counter("triggers", "Runs that Novu took on", ["workflow"]);
  const decisions = counter("decisions", "Messages decided", ["workflow", "channel", "outcome", "reason"]);
  const receipts = counter("receipts", "Messages that were handed to Novu, by what Novu said became of them", [
    "workflow",
    "channel",
    "receipt",
    "reason",
  ]);
  const lost = counter("runs_lost", "Runs that ended at Novu before their last message", ["workflow"]);
  const sweeps = counter("inactivity_sweeps", "Turns at looking for people who are away, by how they ended", [
    "outcome",
  ]);
  const inactive = counter("inactivity_people", "People found to be away, and those that an event was kept of", [
    "what",
  ]);

  const unreadable = counter("unreadable_properties", "Person properties that could not be read at a step", [
    "property",
  ]);
  const links = counter("links", "Requests for links of messages, by what asked", ["kind"]);
  const unsubscribes = counter("unsubscribe_requests", "Requests at unsubscribe links, by how they ended", ["outcome"]);

  const lineResets = counter("rate_limiter_resets", "Times that a rate limiter was too far ahead, by a wrong clock", [
    "line",
  ]);
  const timeZones = counter("invalid_time_zones", "Time zones of people that are none, and were passed over", []);

  const storeUp = gauge("store_up", "1 when the store could be read just now", []);
  const waiting = gauge("jobs_waiting", "Jobs that wait", ["queue"]);
  const dead = gauge("jobs_dead", "Jobs that were given up and wait for a redrive", ["queue"]);
  const age = gauge("jobs_oldest_seconds", "How long the job that is due longest has been due", ["queue"]);
  const recent = gauge("workflow_recent", "Runs entered and messages decided in the last 7 days", ["workflow", "what"]);
  const silent = gauge(
    "workflow_silent",
    "1 when people entered in the last 7 days, longer ago than its first wait takes, and nothing was sent",
    ["workflow"],
  );

  return {
    answered: (source: Source, status: number) => answers.inc({ source, status }),
    novuAnswered: (status: number) => novuAnswers.inc({ status }),
    novuEvent: (outcome: string) => novuEvents.inc({ outcome }),
    event: (outcome: "accepted" | "duplicate" | "ignored") => events.inc({ outcome }),
    ignored: (cause: Cause) => ignored.inc({ cause }),
    jobs: (queue: Queue, outcome: "done" | "retried" | "put off" | "dead") => jobs.inc({ queue, outcome }),
    triggered: (workflow: string) => triggers.inc({ workflow }),
    decided: ({ workflow, channel, outcome, reason }: Decision) =>
      decisions.inc({ workflow, channel, outcome, reason: reason ?? "" }),
    receipt: ({ workflow, channel, receipt, reason }: Decision) =>
      receipts.inc({ workflow, channel, receipt: receipt ?? "", reason: reason ?? "" }),
    runLost: (workflow: string) => lost.inc({ workflow }),
    link: (kind: string) => links.inc({ kind }),
    unsubscribe: (outcome: string) => unsubscribes.inc({ outcome }),
    invalidTimeZone: () => timeZones.inc(),
    unreadable: (property: string) => unreadable.inc({ property }),
    lineReset: (line: string) => lineResets.inc({ line }),
    swept: (outcome: "done" | "failed") => sweeps.inc({ outcome }),
    inactive: (what: "found" | "started", people: number) => inactive.inc({ what }, people),
    router: Router().get("/metrics", bearer(token), async (_request, response) => {
      // What was counted is of use just then.
      storeUp.set(
        await look().then(
          () => 1,
          () => 0,
        ),
      );
      response.type(registry.contentType).send(await registry.metrics());
    }),
  };

  async function look(): Promise<void> {
    for (const queue of await depths.queues()) {
      waiting.set({ queue: queue.queue }, queue.waiting);
      dead.set({ queue: queue.queue }, queue.dead);
      age.set({ queue: queue.queue }, queue.oldestDueAt === null ? 0 : Math.max(0, now() - queue.oldestDueAt) / 1000);
    }
    const [workflows, nowSilent] = await Promise.all([depths.workflows(now() - RECENT_MS), depths.silent()]);
    // What was of last week is not of this one.
    recent.reset();
    silent.reset();
    for (const { workflow, ...counts } of workflows) {
      for (const [what, count] of Object.entries(counts)) recent.set({ workflow, what }, count);
      silent.set({ workflow }, nowSilent.includes(workflow) ? 1 : 0);
    }
  }
}

function bearer(token: string | undefined): RequestHandler {
  if (token === undefined) return (_request, _response, next) => next();
  return (request, response, next) => {
    if (equalSecrets(request.get("authorization") ?? "", `Bearer ${token}`)) return next();
    response.status(401).set("www-authenticate", "Bearer").json({ error: "METRICS_TOKEN is wanted as a bearer token" });
  };
}
