import type { Listening } from "../lib/server.ts";
import type { Context } from "./context.ts";
import type { Site } from "./http.ts";
import type { Outbox } from "./outbox.ts";

/**
 * During this time, a connection is closed only after its next answer. Idle connections stay open, because a proxy may
 * be sending a request.
 */
const DRAIN_MS = 500;
/** The slowest bridge call takes 3.4 s. A stop takes at most 5 s in all. */
const CLOSED_WITHIN_MS = 4_000;

/** The progress of a stop. */
export interface Phase {
  /** No new call to Novu starts. */
  isStopping: boolean;
  /** Webhooks get 503. */
  isClosing: boolean;
}

interface Parts {
  phase: Phase;
  server: Listening & { idle(): Promise<void> };
  outbox: Outbox | null;
  sites: Array<Pick<Site, "stop">>;
  reports: { stop(): Promise<void> };
}

/** Completes the requests and jobs in progress, and closes everything, once. */
export function createStop({ store, log }: Context, { phase, server, outbox, sites, reports }: Parts) {
  let stopped: Promise<void> | undefined;
  return ({ drainMs = DRAIN_MS } = {}): Promise<void> => {
    stopped ??= stop(drainMs);
    return stopped;
  };

  async function stop(drainMs: number): Promise<void> {
    phase.isStopping = true;
    for (const site of sites) site.stop();
    // A request in progress may still write a job. The job stays in the store, and runs after the next start.
    await Promise.all([closeServer(drainMs), outbox?.stop(), reports.stop()]);
    await server.idle();
    await store.close();
    log.info({ component: "app", outcome: "stopped" });
  }

  async function closeServer(drainMs: number): Promise<void> {
    await server.drain(drainMs);
    phase.isClosing = true;
    await server.close(CLOSED_WITHIN_MS);
  }
}
