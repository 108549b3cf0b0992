import { type RequestHandler, Router } from "express";
import { Counter, Gauge, Registry } from "prom-client";
import type { Decision } from "../contracts/decision.ts";
import type { Cause, Source } from "../contracts/event.ts";
import type { Queue } from "../contracts/job.ts";
import { DAY_MS, SECOND_MS } from "../lib/durations.ts";
import { createBearerVerifier } from "../lib/verify-bearer.ts";

export type Metrics = ReturnType<typeof createMetrics>;

/** Functions that count, and the route that shows the numbers. */
export function createMetrics() {
  const registry = new Registry();
  return {
    ...createCounters(registry),
    /** `GET /metrics` for Prometheus; with a `token` only for requests that send it. */
    routes({ depths, token, now }: { depths: Depths; token?: string | undefined; now: () => number }): Router {
      const gauges = createGauges(registry, depths, now);
      return Router().get("/metrics", requireToken(token), async (_request, response) => {
        await gauges.update();
        response.type(registry.contentType).send(await registry.metrics());
      });
    },
  };
}

function requireToken(token: string | undefined): RequestHandler {
  const verify = createBearerVerifier({ key: token, setting: "METRICS_TOKEN" });
  return (request, response, next) => {
    const verified = token === undefined ? null : verify(request.headers);
    if (verified === null || !("why" in verified)) return next();
    response.status(401).set("www-authenticate", "Bearer").json({ error: verified.why });
  };
}

/** Counts since the start of this process. Labels hold names only, nothing personal. */
function createCounters(registry: Registry) {
  const answers = counter("webhook_answers", "Answers to webhooks of PostHog and Segment, by HTTP status", [
    "source",
    "status",
  ]);
  const novuAnswers = counter("novu_webhook_answers", "Answers to Novu's webhooks, by HTTP status", ["status"]);
  const novuEvents = counter("novu_events", "Events in Novu's webhooks, by result", ["outcome"]);
  const backendAnswers = counter("backend_answers", "Answers to your own back end, by route and HTTP status", [
    "route",
    "status",
  ]);
  const events = counter("events", "Events by result: accepted, duplicate or ignored", ["outcome"]);
  const ignored = counter("ignored_events", "Ignored events, or ignored parts of events, by cause", ["cause"]);
  const jobs = counter("jobs", "Attempts of jobs, by queue and result", ["queue", "outcome"]);
  const triggers = counter("triggers", "Runs that Novu started, by workflow", ["workflow"]);
  const decisions = counter("decisions", "Decisions at channel steps, by result and reason", [
    "workflow",
    "channel",
    "outcome",
    "reason",
  ]);
  const receipts = counter("receipts", "Messages passed to Novu, by Novu's receipt", [
    "workflow",
    "channel",
    "receipt",
    "reason",
  ]);
  const lost = counter("runs_lost", "Runs that ended at Novu before their last message, by workflow", ["workflow"]);
  const sweeps = counter("inactivity_sweeps", "Daily searches for inactive people, by result", ["outcome"]);
  const inactive = counter("inactivity_people", "Inactive people that were found, and those with a new event", [
    "what",
  ]);
  const cohortSweeps = counter("cohort_sweeps", "Daily reads of cohorts, by result", ["outcome"]);
  const cohortPeople = counter("cohort_people", "People who entered a cohort, and those with a new event", ["what"]);
  const unreadable = counter("unreadable_properties", "Person properties of the wrong type, by property", ["property"]);
  const links = counter("links", "Requests of links in messages, by the kind of client", ["kind"]);
  const unsubscribes = counter("unsubscribe_requests", "Requests of unsubscribe links, by result", ["outcome"]);
  const limiterResets = counter("rate_limiter_resets", "Resets of rate limiters, after a wrong clock", ["limiter"]);
  const timeZones = counter("invalid_time_zones", "Invalid time zones of people, which were not used", []);

  return {
    answered: (source: Source, status: number) => answers.inc({ source, status }),
    novuAnswered: (status: number) => novuAnswers.inc({ status }),
    backendAnswered: (route: string, status: number) => backendAnswers.inc({ route, status }),
    novuEvent: (outcome: string) => novuEvents.inc({ outcome }),
    event: (outcome: "accepted" | "duplicate" | "ignored") => events.inc({ outcome }),
    ignored: (cause: Cause) => ignored.inc({ cause }),
    jobs: (queue: Queue, outcome: "done" | "retried" | "postponed" | "dead") => jobs.inc({ queue, outcome }),
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
    limiterReset: (limiter: string) => limiterResets.inc({ limiter }),
    swept: (outcome: "done" | "failed") => sweeps.inc({ outcome }),
    inactive: (what: "found" | "started", people: number) => inactive.inc({ what }, people),
    cohortSwept: (outcome: "done" | "failed") => cohortSweeps.inc({ outcome }),
    cohortPeople: (what: "found" | "started", people: number) => cohortPeople.inc({ what }, people),
  };

  function counter(name: string, help: string, labelNames: string[]) {
    return new Counter({ name: `bridge_${name}_total`, help, labelNames, registers: [registry] });
  }
}

/** Numbers of the store, read for each request of `/metrics`. */
interface Depths {
  queues(): Promise<Array<{ queue: Queue; waiting: number; dead: number; oldestDueAt: number | null }>>;
  /** The counts since a time, in milliseconds since 1970. */
  workflows(
    since: number,
  ): Promise<Array<{ workflow: string; entered: number; sent: number; skipped: number; failed: number }>>;
  /** The workflows that sent nothing, although people entered them long enough ago for a first message. */
  silent(): Promise<string[]>;
  /** The events that have come, and whether each has stopped. */
  events(): Promise<Array<{ event: string; isSilent: boolean }>>;
}

/** Period of the counts per workflow. */
const RECENT_MS = 7 * DAY_MS;

/** `update` reads the store; if that fails, `bridge_store_up` is 0 and the other gauges keep their last values. */
function createGauges(registry: Registry, depths: Depths, now: () => number): { update(): Promise<void> } {
  const storeUp = gauge("store_up", "1 if the store could be read just now, or else 0", []);
  const waiting = gauge("jobs_waiting", "Jobs that wait, by queue", ["queue"]);
  const dead = gauge("jobs_dead", "Dead jobs, which wait for a redrive, by queue", ["queue"]);
  const age = gauge("jobs_oldest_seconds", "How long the oldest due job has been due, by queue", ["queue"]);
  const recent = gauge("workflow_recent", "Runs and decisions of the last 7 days, by workflow", ["workflow", "what"]);
  const silent = gauge(
    "workflow_silent",
    "1 if people entered the workflow in the last 7 days, longer ago than its first wait, and no message was sent",
    ["workflow"],
  );
  const silentEvents = gauge(
    "event_silent",
    "1 if the event has not arrived for a day, and for much longer than its longest pause before",
    ["event"],
  );

  return {
    async update() {
      const isUp = await readStore().then(
        () => true,
        () => false,
      );
      storeUp.set(isUp ? 1 : 0);
    },
  };

  async function readStore(): Promise<void> {
    for (const { queue, oldestDueAt, ...counts } of await depths.queues()) {
      waiting.set({ queue }, counts.waiting);
      dead.set({ queue }, counts.dead);
      age.set({ queue }, oldestDueAt === null ? 0 : Math.max(0, now() - oldestDueAt) / SECOND_MS);
    }
    const [workflows, nowSilent, events] = await Promise.all([
      depths.workflows(now() - RECENT_MS),
      depths.silent(),
      depths.events(),
    ]);
    // Reset first, or workflows without recent runs would keep last week's numbers.
    recent.reset();
    silent.reset();
    silentEvents.reset();
    for (const { event, isSilent } of events) silentEvents.set({ event }, isSilent ? 1 : 0);
    for (const { workflow, ...counts } of workflows) {
      for (const [what, count] of Object.entries(counts)) recent.set({ workflow, what }, count);
      silent.set({ workflow }, nowSilent.includes(workflow) ? 1 : 0);
    }
  }

  function gauge(name: string, help: string, labelNames: string[]) {
    return new Gauge({ name: `bridge_${name}`, help, labelNames, registers: [registry] });
  }
}
