import { Counter, type Registry } from "prom-client";
import type { Cause } from "../contracts/cause.ts";
import type { Decision } from "../contracts/decision.ts";
import type { Source } from "../contracts/event.ts";
import type { Queue } from "../contracts/job.ts";

/** Counts since the start of this process. Labels hold names only, nothing personal. */
export function createCounters(registry: Registry) {
  const answers = counter("webhook_answers", "Answers to webhooks of PostHog and Segment, by HTTP status", [
    "source",
    "status",
  ]);
  const novuAnswers = counter("novu_webhook_answers", "Answers to Novu's webhooks, by HTTP status", ["status"]);
  const novuEvents = counter("novu_events", "Events in Novu's webhooks, by result", ["outcome"]);
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
  const unreadable = counter("unreadable_properties", "Person properties of the wrong type, by property", ["property"]);
  const links = counter("links", "Requests of links in messages, by the kind of client", ["kind"]);
  const unsubscribes = counter("unsubscribe_requests", "Requests of unsubscribe links, by result", ["outcome"]);
  const limiterResets = counter("rate_limiter_resets", "Resets of rate limiters, after a wrong clock", ["limiter"]);
  const timeZones = counter("invalid_time_zones", "Invalid time zones of people, which were not used", []);

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
    limiterReset: (limiter: string) => limiterResets.inc({ limiter }),
    swept: (outcome: "done" | "failed") => sweeps.inc({ outcome }),
    inactive: (what: "found" | "started", people: number) => inactive.inc({ what }, people),
  };

  function counter(name: string, help: string, labelNames: string[]) {
    return new Counter({ name: `bridge_${name}_total`, help, labelNames, registers: [registry] });
  }
}
