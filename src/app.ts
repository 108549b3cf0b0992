import express from "express";
import { createOptOuts } from "./app/opt-outs.ts";
import { startOutbox } from "./app/outbox.ts";
import { personSources, profileHere, profileThere } from "./app/persons.ts";
import { createReceipts } from "./app/receipts.ts";
import { createRunSteps } from "./app/run-steps.ts";
import { silentWorkflows } from "./app/silent-workflows.ts";
import { liveDependencies, sampleDependencies } from "./app/step-dependencies.ts";
import { openWebhooks } from "./app/webhooks.ts";
import type { Config } from "./config.ts";
import { captureOf } from "./contracts/capture.ts";
import { type Decision, isFinal } from "./contracts/decision.ts";
import { eventsToForward } from "./contracts/event.ts";
import { NOVU_PLANS } from "./contracts/novu-plan.ts";
import type { Product } from "./contracts/product.ts";
import type { SandboxControls } from "./contracts/sandbox.ts";
import type { LifecycleWorkflow } from "./engine/lifecycle.ts";
import { answeredFirst } from "./http/answered-first.ts";
import { failed, notFound } from "./http/errors.ts";
import { healthRoutes } from "./http/health.ts";
import { createMetrics } from "./http/metrics.ts";
import { plainBodies } from "./http/plain-bodies.ts";
import { type Clock, systemClock } from "./lib/clock.ts";
import { describeError } from "./lib/errors.ts";
import { createLog, type Log } from "./lib/log.ts";
import { createBodyBudget } from "./lib/read-body.ts";
import { serve } from "./lib/server.ts";
import { createLinks } from "./links/links.ts";
import { createNovuActivity } from "./novu/activity.ts";
import { createNovuApi } from "./novu/api.ts";
import { openBridge } from "./novu/bridge.ts";
import { createForeignRuns } from "./novu/foreign-runs.ts";
import { assertWithinPlan } from "./novu/plan-limits.ts";
import { createRateLimiter, type ReserveSlots } from "./outbox/rate-limiter.ts";
import { createRunJob } from "./outbox/run-job.ts";
import { subscriberOf } from "./routing/profile.ts";
import { createPersonReader } from "./sources/person-reader.ts";
import { createPostHogReport, noReport } from "./sources/posthog/reports.ts";
import { openStore } from "./store/open-store.ts";
import type { SqliteDriver } from "./store/sqlite-connection.ts";
import type { Store } from "./store/store.ts";
import { createStudio } from "./studio/studio.ts";

export interface App {
  /** Where it listens, such as http://127.0.0.1:4000 */
  url: string;
  store: Store;
  /** The events that PostHog is to forward: those that its workflows listen to, and those that say who somebody is. */
  events: string[];
  /** Resolves when all that is due at this moment is done. */
  idle(): Promise<void>;
  /**
   * Goes on answering for `drainMs` (500) while connections are open, so that proxies let go of them; then
   * answers what is in progress, takes on nothing new, and leaves the rest on disk.
   */
  stop(options?: { drainMs?: number }): Promise<void>;
}

/** Of all bodies together whose senders are not proven yet. */
const MOST_UNPROVEN_BYTES = 32 * 1024 * 1024;

/** A connection that is closed on its next answer loses no request, where one that is closed while idle may. */
const DRAIN_MS = 500;
/** The slowest call of the bridge takes 3.4 s, and a stop no more than 5 s in all. */
const CLOSED_WITHIN_MS = 4_000;

/** The map of the house: opens every room and introduces them to each other. */
export async function openApp(
  config: Config,
  {
    product,
    clock = systemClock,
    log = createLog({ level: config.logLevel }),
    sandbox,
    sqliteDriver,
  }: {
    /** The workflows and the brand. */
    product: Product<LifecycleWorkflow>;
    clock?: Clock;
    log?: Log;
    /** The sandbox's; with it the studio is open, to this machine only. */
    sandbox?: SandboxControls | undefined;
    /** A benchmark compares them. */
    sqliteDriver?: SqliteDriver | undefined;
  },
): Promise<App> {
  const { novu, posthog, roles } = config;
  const { workflows, brand } = product;
  const { now } = clock;
  const store = await openStore(config, { now, log, sqliteDriver });

  try {
    return await open();
  } catch (error) {
    await store.close();
    throw error;
  }

  async function open(): Promise<App> {
    let stopping = false;
    let refusing = false;
    let stopped: Promise<void> | undefined;

    const metrics = createMetrics({
      depths: {
        queues: () => store.jobs.countByQueue(),
        workflows: (since) => store.runs.countByWorkflow(since),
        silent,
      },
      token: config.metricsToken,
      now,
    });

    const publicUrl = () => config.publicUrl ?? server.url;
    const links = createLinks({ keys: config.linkSigningKeys, publicUrl, source: brand.utmSource });

    // Novu: the bridge it calls, the API we call
    const sources = personSources(config, store.people);
    const persons = createPersonReader({ sources, now });
    const novuApi = createNovuApi({ ...novu, isStopping: () => stopping });
    const novuActivity = createNovuActivity({ ...novu, isStopping: () => stopping });
    const { triggersPerSecond, profilesPerSecond, readsPerSecond, feedMs } = NOVU_PLANS[novu.plan];
    const { report, setOptOuts, stop: stopReports } = posthog ? createPostHogReport(posthog) : noReport;
    const paceProfiles = createRateLimiter({
      reserveSlots: placesIn("novu-profiles"),
      perSecond: profilesPerSecond,
    });
    const paceReads = createRateLimiter({ reserveSlots: placesIn("novu-reads"), perSecond: readsPerSecond });
    const optOuts = createOptOuts({
      config,
      store,
      product,
      publicUrl,
      novu: novuApi,
      setOptOuts,
      sources,
      pace: paceProfiles,
      count: metrics.unsubscribe,
      now,
      log,
    });
    const live = liveDependencies({
      config,
      store,
      unsubscribeUrl: optOuts.unsubscribeUrl,
      persons,
      flags: workflows.flatMap((workflow) => workflow.flags),
      link: links.link,
      onInvalidTimeZone: metrics.invalidTimeZone,
      onUnreadable: metrics.unreadable,
      topics: product.topics,
      async isWanted(subscriberId, workflow, channel) {
        await paceProfiles();
        // Novu may not list a workflow for which the subscriber has set no preference.
        return (await novuActivity.isWanted(subscriberId, workflow, channel)) ?? false;
      },
      now,
      log,
    });
    const samples = sampleDependencies({ config, samplePerson: product.samplePerson, link: links.link, now });
    const budget = createBodyBudget(MOST_UNPROVEN_BYTES);
    const bridge = await openBridge({
      ...novu,
      budget,
      recordDecision,
      decisionsOf: store.decisions.listOfRuns,
      records: {
        findShape: store.runs.findShape,
        listShapes: store.runs.listShapes,
        findShapeOf: store.runs.findShapeOf,
        findCustomValues: store.decisions.findCustomValues,
        saveCustomValue: store.decisions.saveCustomValue,
      },
      async onWait(run, waitMs) {
        await live.expectCallAfter(run, { waitMs, mayBeRefused: false });
        await live.refreshSubscriber(run, { waitMs, isWrong: false });
      },
      withRun: createForeignRuns({
        async findRun(subscriberId, jobId) {
          await paceReads();
          return novuActivity.runOfJob(subscriberId, jobId);
        },
        async begin(run, workflow) {
          const adopted = await store.runs.insertForeign({ ...run, workflow });
          if (adopted === "new") await markStarted(run.transactionId, workflow);
          return adopted !== "of another person";
        },
        source: config.posthog === null ? "segment" : "posthog",
        now,
      }),
      now,
      live: workflows.map((workflow) => workflow.build(live)),
      samples: workflows.map((workflow) => workflow.build(samples)),
      log,
    });
    assertWithinPlan(bridge.workflows, novu.plan);
    await store.runs.saveShapes(bridge.workflows.map(({ shapeId: id, shape }) => ({ id, shape })));
    const { sendingSteps, stepsOfRun, shapeIdOf } = createRunSteps({
      workflows: bridge.workflows,
      findShapeOf: store.runs.findShapeOf,
    });
    const runJob = createRunJob({
      novu: {
        ...novuApi,
        // Novu fixes the steps of a run at its trigger.
        trigger: (start, key) =>
          novuApi.trigger({ ...start, run: { ...start.run, shape: shapeIdOf(start.workflow) } }, key),
      },
      runs: { ...store.runs, markStarted },
      people: store.people,
      listDecidedSteps: store.decisions.listDecidedSteps,
      persons: {
        readNow: persons.read,
        profileHere: profileHere(store.people),
        profileThere: profileThere(persons),
        subscriberOf,
      },
      merges: {
        arePerson: (ids) => persons.areOnePerson("posthog", ids),
        merge: store.people.merge,
        onNotMerged: (request) => doors.onNotMerged(request),
        lookAgain: (request) => doors.reingest(request),
      },
      handlers: {
        ...createReceipts({
          store,
          activity: novuActivity,
          pace: paceReads,
          feedMs,
          settle,
          record: (decision) => recordDecision(decision, { ifOpen: true, isLast: false }),
          stepsOfRun,
          onLost: metrics.runLost,
          now,
          log,
        }),
        preferences: optOuts.send.toNovu,
        unwanted: optOuts.send.toPostHog,
        report: (decision) => report(captureOf(decision)),
        capture: report,
      },
      decide: recordDecision,
      sendingSteps,
      stepsOfRun,
      pace: createRateLimiter({
        reserveSlots: placesIn("novu"),
        perSecond: novu.triggersPerSecond ?? triggersPerSecond,
      }),
      paceProfiles,
      onTriggered: metrics.triggered,
      now,
      log,
    });

    const studio = createStudio({
      store,
      discovered: bridge.workflows,
      routes: workflows,
      readPerson(run) {
        // In the sandbox a property changes without an event.
        if (sandbox !== undefined) persons.forget(run.distinctId);
        return persons.read(run);
      },
      silent,
      redrive: store.jobs.redrive,
      secret: config.studioSecret,
      publicUrl: config.publicUrl,
      sandbox,
      now,
      log,
    });
    if (studio !== null) store.on("changed", () => studio.changed());

    const doors = openWebhooks({
      config,
      store,
      product,
      readLink: links.read,
      budget,
      onUndeliverable: optOuts.onUndeliverable,
      onPreferences: optOuts.onPreferences,
      settle,
      onPersonChanged: persons.forget,
      metrics,
      isStopping: () => refusing,
      now,
      log,
    });

    const answersOthers = roles.includes("ingress");
    // Caches keep only the studio's files, which never change under their names; an ETag helps neither.
    const http = express().disable("x-powered-by").disable("etag");
    if (answersOthers) http.use(doors.clicks).use("/u", optOuts.routes).use("/api/novu", bridge.router);
    if (studio !== null) http.use("/studio", studio.router);
    http
      .use(healthRoutes({ whyNot, revision: config.revision }))
      .use(metrics.router)
      .use(notFound)
      .use(failed({ log }));
    const server = await serve(plainBodies(answeredFirst(answersOthers ? doors.webhooks : {}, http), { log }), {
      port: config.port,
      variable: "PORT",
      keepAliveMs: config.keepAliveMs,
    });

    const working = roles.includes("worker")
      ? startOutbox({
          config,
          store,
          workflows,
          runJob,
          ingest: doors.ingest,
          sources,
          metrics,
          clock,
          log,
        })
      : null;
    log.info({
      component: "app",
      outcome: "listening",
      port: server.port,
      roles,
      workflows: bridge.workflows.map(({ id }) => id),
    });

    return {
      url: server.url,
      store,
      events: eventsToForward(workflows),
      async idle() {
        await doors.idle();
        await working?.idle();
      },
      stop({ drainMs = DRAIN_MS } = {}) {
        stopped ??= stop(drainMs);
        return stopped;
      },
    };

    async function stop(drainMs: number): Promise<void> {
      stopping = true;
      studio?.stop();
      // A request in progress may still leave work; it is on disk, and done after the next start.
      await Promise.all([close(drainMs), working?.stop(), stopReports()]);
      await doors.idle();
      await store.close();
      log.info({ component: "app", outcome: "stopped" });
    }

    async function close(drainMs: number): Promise<void> {
      await server.drain(drainMs);
      refusing = true;
      await server.close(CLOSED_WITHIN_MS);
    }

    function placesIn(line: "novu" | "novu-profiles" | "novu-reads"): ReserveSlots {
      return async (count, intervalMs) => {
        const { waitMs, disbelievedMs } = await store.limits.reserveSlots(line, count, intervalMs);
        if (disbelievedMs > 0) {
          metrics.limiterReset(line);
          log.warn({ component: "outbox", line, aheadMs: Math.round(disbelievedMs), outcome: "a clock was ahead" });
        }
        return waitMs;
      };
    }

    function silent(): Promise<string[]> {
      return silentWorkflows({ workflows: bridge.workflows, countSince: store.runs.countByWorkflow, now: now() });
    }

    async function whyNot(): Promise<string | null> {
      if (stopping) return "stopping";
      try {
        await store.ping();
        return null;
      } catch (error) {
        log.error({ component: "app", error: describeError(error) });
        return "the store cannot be written";
      }
    }

    /** Notes what Novu said became of a message, in place of what was decided; answers whether that is new. */
    async function settle(decision: Decision, asked: Decision): Promise<boolean> {
      const { isNew } = await store.decisions.record(decision, { insteadOf: asked });
      if (!isNew) return false;
      const { workflow, step, transactionId, outcome, reason, detail, receipt } = decision;
      log.info({ component: "outbox", workflow, step, transactionId, receipt, outcome, reason, detail });
      metrics.receipt(decision);
      return true;
    }

    function markStarted(transactionId: string, workflow: string): Promise<"started" | "exited"> {
      return store.runs.markStarted(transactionId, shapeIdOf(workflow));
    }

    /** Notes a decision, which owes PostHog a report; answers what holds. */
    async function recordDecision(
      wanted: Decision,
      {
        isLast = sendingSteps(wanted.workflow).at(-1)?.step === wanted.step,
        ...options
      }: DecideOptions & { isLast?: boolean } = {},
    ): Promise<Decision> {
      // Novu may ask again for a message that failed. If it does not, the run is overdue, and ends by that.
      const { decision, isNew } = await store.decisions.record(wanted, {
        ...options,
        endsRun: isLast && isFinal(wanted),
      });
      if (!isNew) return decision;
      const { workflow, step, transactionId, outcome, reason, detail, personSource } = decision;
      log.info({ component: "engine", workflow, step, transactionId, outcome, reason, detail, personSource });
      metrics.decided(decision);
      return decision;
    }
  }
}

type DecideOptions = Omit<NonNullable<Parameters<Store["decisions"]["record"]>[1]>, "endsRun">;
