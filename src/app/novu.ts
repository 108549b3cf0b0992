import { NOVU_PLANS } from "../contracts/novu.ts";
import { createNovuActivity } from "../novu/activity.ts";
import { createNovuApi } from "../novu/api.ts";
import { createRateLimiter } from "../outbox/rate-limiter.ts";
import type { Context } from "./context.ts";

/** The calls to Novu, and a rate limiter for each of the categories that Novu limits. */
export function createNovu({ config: { novu }, store, metrics, isRehearsal, isStopping, log }: Context) {
  const { triggersPerSecond, profilesPerSecond, readsPerSecond, feedMs } = NOVU_PLANS[novu.plan];
  const activity = createNovuActivity({ ...novu, isStopping });
  /** Each resolves when Novu's limit has room for one more call. */
  const limit = {
    /** Triggers and cancels, which Novu counts together. */
    triggers: rateLimiter("novu", novu.triggersPerSecond ?? triggersPerSecond),
    subscribers: rateLimiter("novu-subscribers", profilesPerSecond),
    reads: rateLimiter("novu-reads", readsPerSecond),
  };
  return {
    api: createNovuApi({ ...novu, isStopping }),
    activity,
    limit,
    /** How long Novu lists a run after its trigger. */
    feedMs,
    /** Whether a subscriber has a channel of a workflow turned on; rejects when Novu does not answer. */
    async isTurnedOn(subscriberId: string, workflow: string, channel: string): Promise<boolean> {
      await limit.subscribers();
      // Novu may not list a workflow for which the subscriber has set no preference.
      return (await activity.isWanted(subscriberId, workflow, channel)) ?? false;
    },
  };

  function rateLimiter(name: string, perSecond: number): () => Promise<void> {
    // The limiters use real time, and a rehearsal plays days in seconds.
    if (isRehearsal) return async () => {};
    const onReset = (aheadMs: number) => {
      metrics.limiterReset(name);
      log.warn({
        component: "outbox",
        rateLimiter: name,
        aheadMs: Math.round(aheadMs),
        outcome: "a clock was ahead",
      });
    };
    return createRateLimiter({ name, perSecond, reserveSlots: store.limits.reserveSlots, onReset });
  }
}

export type Novu = ReturnType<typeof createNovu>;
