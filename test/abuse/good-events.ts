import { setTimeout as sleep } from "node:timers/promises";
import type { AbusedApp } from "./app.ts";
import { type Helper, startHelper } from "./helper-process.ts";
import type { Services } from "./services.ts";

export type GoodAsk = { kind: "start"; port: number; rate: number } | { kind: "stop" };

/** The answers to good events, with their durations. */
export interface Sent {
  /** The run of each accepted event, and the time of the event, in milliseconds since 1970. */
  accepted: Array<[transactionId: string, at: number]>;
  answers: Record<string, number>;
  p50Ms: number;
  p99Ms: number;
  /** The delay of the sender's own event loop, for which the app is not responsible. */
  ownDelayP99Ms: number;
}

export interface Good extends Omit<Sent, "accepted"> {
  sent: number;
  /** Accepted events that reached Novu late or never. */
  late: number;
  slowestTriggerMs: number;
}

const TRIGGERED_WITHIN_MS = 5_000;
const LOOK_EVERY_MS = 100;

export interface GoodEvents {
  start(app: AbusedApp, rate?: number): Promise<void>;
  /** Stops the sender, waits until all events are triggered or late, and returns the results. */
  stop(services: Services): Promise<Good>;
  close(): Promise<void>;
}

/** Ordinary events from a process of their own, which show whether abuse affects them. */
export async function openGoodEvents(): Promise<GoodEvents> {
  const helper: Helper<GoodAsk, Sent | null> = await startHelper(new URL("./good-events-process.ts", import.meta.url));
  return {
    async start({ port }, rate = 40) {
      await helper.ask({ kind: "start", port, rate });
    },
    async stop(services) {
      const { accepted, ...seen } = (await helper.ask({ kind: "stop" })) as Sent;
      await untilTriggered(services, accepted);
      const took = accepted.map(([id, at]) => (services.triggeredAt.get(id) ?? Number.POSITIVE_INFINITY) - at);
      return {
        ...seen,
        sent: Object.values(seen.answers).reduce((sum, count) => sum + count, 0),
        late: took.filter((ms) => ms > TRIGGERED_WITHIN_MS).length,
        slowestTriggerMs: took.filter(Number.isFinite).reduce((most, ms) => Math.max(most, ms), 0),
      };
    },
    close: helper.stop,
  };
}

async function untilTriggered(services: Services, accepted: Sent["accepted"]): Promise<void> {
  const until = Date.now() + TRIGGERED_WITHIN_MS;
  do {
    await sleep(LOOK_EVERY_MS);
    await services.look();
  } while (accepted.some(([id]) => !services.triggeredAt.has(id)) && Date.now() < until);
}
