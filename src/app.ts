import express from "express";
import { createPostHogReport } from "./attribution/posthog-report.ts";
import type { Config } from "./config.ts";
import type { Decision } from "./contracts/decision.ts";
import { NOVU_PLANS } from "./contracts/novu-plan.ts";
import { createPacer } from "./delivery/pacer.ts";
import { createPerform } from "./delivery/perform.ts";
import { startWorker } from "./delivery/worker.ts";
import { failed, notFound } from "./http/errors.ts";
import { healthRoutes } from "./http/health.ts";
import { type Accept, postHogWebhook } from "./ingress/posthog-webhook.ts";
import { webhookAuth } from "./ingress/webhook-auth.ts";
import { type Clock, systemClock } from "./lib/clock.ts";
import { describeError, PermanentError } from "./lib/errors.ts";
import { createLog, type Log } from "./lib/log.ts";
import { serve } from "./lib/server.ts";
import { createNovuApi } from "./novu/api.ts";
import { openBridge } from "./novu/bridge.ts";
import { createNotedDecisions } from "./novu/noted-decisions.ts";
import { assertWithinPlan } from "./novu/plan-limits.ts";
import { createPersonLookup, createPersonNow } from "./people/person-now.ts";
import { postHogPersons } from "./people/posthog-persons.ts";
import { samplePerson } from "./people/sample-person.ts";
import { createRoute } from "./routing/route.ts";
import { openPostgresStore } from "./store/postgres.ts";
import { openSqliteStore } from "./store/sqlite.ts";
import type { Store } from "./store/store.ts";
import { workflows as allWorkflows } from "./workflows/index.ts";
import type { LifecycleWorkflow } from "./workflows/lifecycle.ts";
import type { Tools } from "./workflows/tools.ts";

const CONCURRENCY = 8;

export interface App {
  /** Where it listens, such as http://127.0.0.1:4000 */
  url: string;
  store: Store;
  /** The events that its workflows listen to. */
  events: string[];
  /** Resolves when all that is due at this moment is done. */
  idle(): Promise<void>;
  /** Answers what is under way, takes on nothing new, and leaves the rest on disk. */
  stop(): Promise<void>;
}

/** The map of the house: opens every room and introduces them to each other. */
export async function openApp(
  config: Config,
  {
    clock = systemClock,
    log = createLog({ level: config.logLevel }),
    workflows = allWorkflows,
  }: { clock?: Clock; log?: Log; workflows?: LifecycleWorkflow[] } = {},
): Promise<App> {
  const { novu, posthog } = config;
  const { now } = clock;
  const store =
    config.databaseUrl === undefined
      ? await openSqliteStore({ dataDir: config.dataDir, now })
      : await openPostgresStore({ url: config.databaseUrl, now, log });

  try {
    return await open();
  } catch (error) {
    await store.close();
    throw error;
  }

  async function open(): Promise<App> {
    let stopping = false;
    let stopped: Promise<void> | undefined;

    // People and workflows, live and as samples
    const lookUp = createPersonLookup({ readPersons: postHogPersons(posthog), now });
    const { longestDelayMs, triggersPerSecond } = NOVU_PLANS[novu.plan];
    const decisions = createNotedDecisions();
    const liveTools: Tools = {
      longestDelayMs,
      now,
      person: createPersonNow({ lookUp, log }),
      leftBy: ({ workflow, distinctId, occurredAt }) => store.exitSince({ workflow, distinctId, since: occurredAt }),
      record: async (decision) => decisions.note(decision),
    };
    const sampleTools: Tools = {
      longestDelayMs,
      now,
      person: async () => samplePerson,
      leftBy: async () => null,
      record: async () => {},
    };

    // Novu: the bridge it calls, the API we call
    const bridge = await openBridge({
      ...novu,
      decisions,
      record: decide,
      now,
      live: workflows.map((workflow) => workflow.build(liveTools)),
      samples: workflows.map((workflow) => workflow.build(sampleTools)),
      log,
    });
    assertWithinPlan(bridge.workflows, novu.plan);
    const { report, stop: stopReports } = createPostHogReport(posthog);
    const perform = createPerform({
      novu: createNovuApi(novu),
      runs: { ...store, decide },
      report,
      sendingSteps: (id) => bridge.workflows.find((workflow) => workflow.id === id)?.sendingSteps ?? [],
      pace: createPacer({
        takePlaces: (count, intervalMs) => store.takePlaces("novu", count, intervalMs),
        perSecond: triggersPerSecond,
      }),
      now,
      log,
    });

    // PostHog: the door it knocks at
    const route = createRoute(workflows);
    const setAside = (reason: string, body: string, event: { uuid: string; name: string } | null) =>
      store.setAside({
        receivedAt: new Date(now()).toISOString(),
        reason,
        eventUuid: event?.uuid ?? null,
        eventName: event?.name ?? null,
        body,
      });
    const accept: Accept = async (event, body) => {
      const ignore = async (reason: string) => {
        await setAside(reason, body, event);
        return { outcome: "ignored", reason } as const;
      };
      const { problems, ...routing } = route(event);
      const reason = problems.join("; ");
      if (routing.starts.length + routing.exits.length === 0) return ignore(reason);
      if (reason !== "") await setAside(reason, body, event);
      try {
        const outcome = await store.accept(event, routing);
        deliverer.wake();
        return { outcome };
      } catch (error) {
        if (error instanceof PermanentError) return ignore(error.message);
        throw error;
      }
    };

    const server = await serve(
      express()
        .disable("x-powered-by")
        .use(
          "/webhooks/posthog",
          postHogWebhook({
            // Signatures are about the sender's real time, whatever clock the rest of the app goes by.
            authenticate: webhookAuth({ secrets: posthog.webhookSecrets, now: Date.now }),
            accept,
            setAside: ({ reason, body }) => setAside(reason, body, null),
            isStopping: () => stopping,
            now,
            log,
          }),
        )
        .use("/api/novu", bridge.router)
        .use(healthRoutes({ whyNot }))
        .use(notFound)
        .use(failed({ log })),
      { port: config.port, variable: "PORT" },
    );
    const lane = { queue: store, perform, concurrency: CONCURRENCY, clock, log };
    const deliverer = startWorker({ ...lane, lane: "novu" });
    const reporter = startWorker({ ...lane, lane: "posthog" });
    const wake = () => {
      deliverer.wake();
      reporter.wake();
    };
    const stopWatching = store.watch(wake);
    log.info({ stop: "app", outcome: "listening", port: server.port, workflows: bridge.workflows.map(({ id }) => id) });

    return {
      url: server.url,
      store,
      events: [...new Set(workflows.flatMap(({ events }) => events))],
      // What the one does may give the other something to do.
      idle: async () => {
        await deliverer.idle();
        await reporter.idle();
      },
      stop() {
        stopped ??= stop();
        return stopped;
      },
    };

    async function stop(): Promise<void> {
      stopping = true;
      // A request under way may still leave work; it is on disk, and done after the next start.
      await Promise.all([server.close(), stopWatching(), deliverer.stop(), reporter.stop()]);
      await stopReports();
      await store.close();
      log.info({ stop: "app", outcome: "stopped" });
    }

    async function whyNot(): Promise<string | null> {
      if (stopping) return "stopping";
      try {
        await store.ping();
        return null;
      } catch (error) {
        log.error({ stop: "app", error: describeError(error) });
        return "the store cannot be written";
      }
    }

    /** Notes a decision, which owes PostHog a report. */
    async function decide(decision: Decision, options?: { ifOpen: boolean }): Promise<void> {
      await store.decide(decision, options);
      const { workflow, step, transactionId, outcome, reason, detail, personSource } = decision;
      log.info({ stop: "workflows", workflow, step, transactionId, outcome, reason, detail, personSource });
      reporter.wake();
    }
  }
}
