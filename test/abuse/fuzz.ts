import { setTimeout as sleep } from "node:timers/promises";
import { type AbusedApp, startApp } from "./app.ts";
import { drained } from "./backlog.ts";
import { fuzzRequest } from "./fuzz-requests.ts";
import { openGoodEvents } from "./good-events.ts";
import { startHelper } from "./helper-process.ts";
import { sessionCookie } from "./log-in.ts";
import { growth, type Memory } from "./memory-growth.ts";
import { leaksIn, METRICS_TOKEN } from "./planted.ts";
import type { Section } from "./section.ts";
import { startServices } from "./services.ts";
import { appTroubles, goodTroubles } from "./troubles.ts";

export type FuzzAsk =
  | { kind: "progress" }
  /** `cookie`: of a session at the studio. */
  | { kind: "run"; port: number; seed: number; requests: number; cookie: string };

export interface Fuzzed {
  /** By route and outcome. */
  answers: Record<string, number>;
  troubles: Array<{ why: string; request: number }>;
}

const LOOK_EVERY_MS = 100;
const MOST_SHOWN = 20;
const SHOWN_BYTES = 600;
const GOOD_FOR_MS = 1_000;

/** Requests of every shape to every route, the same for the same seed. */
export const fuzz: Section = async ({ seed, requests, ...options }, onRow) => {
  const services = await startServices({ local: false });
  const fuzzer = await startHelper<FuzzAsk, Fuzzed | number>(new URL("./fuzz-process.ts", import.meta.url));
  const good = await openGoodEvents();
  const app = await startApp(options, services);
  const memory: Memory[] = [];
  try {
    const cookie = await sessionCookie(app);
    const startedAt = performance.now();
    const running = fuzzer.ask({ kind: "run", port: app.port, seed, requests, cookie }) as Promise<Fuzzed>;
    const looking = setInterval(async () => {
      const answered = (await fuzzer.ask({ kind: "progress" })) as number;
      memory.push({ part: answered / requests, mb: app.rssMb() });
    }, LOOK_EVERY_MS);
    const { answers, troubles } = await running.finally(() => clearInterval(looking));
    const seconds = (performance.now() - startedAt) / 1000;
    const backlog = await drained(app);
    await good.start(app);
    await sleep(GOOD_FOR_MS);
    const seen = await good.stop(services);
    onRow({
      section: "fuzz",
      engine: options.engine,
      name: `seed ${seed}`,
      requests,
      answers,
      cpuMsPer10Kb: null,
      good: seen,
      rssMb: Math.max(...memory.map(({ mb }) => mb)),
      troubles: [
        ...appTroubles(app),
        ...(backlog === null ? ["triggers of accepted events are still overdue after two minutes"] : []),
        ...goodTroubles(seen, { isTimed: false }),
        ...(await metricsTroubles(app)),
        ...growth(memory),
        ...troubles.slice(0, MOST_SHOWN).map(({ why, request }) => `${why}; ${again(seed, request, cookie)}`),
      ],
      notes: [
        `${Math.round(requests / seconds)} requests/s`,
        ...(backlog === null
          ? []
          : [`${backlog.waiting} triggers waited at the end, none was overdue ${backlog.ms} ms later`]),
        ...[...app.errors].slice(0, MOST_SHOWN).map(([line, count]) => `${count} × ${line}`),
      ],
    });
  } finally {
    await Promise.all([good.close(), fuzzer.stop(), app.stop()]);
    await services.stop();
  }
};

function again(seed: number, request: number, cookie: string): string {
  const bytes = fuzzRequest(seed, request, cookie).wire.bytes.subarray(0, SHOWN_BYTES).toString("latin1");
  return `request ${request}, again by --only fuzz --seed ${seed} --requests ${request + 1}: ${JSON.stringify(bytes)}`;
}

async function metricsTroubles({ url }: AbusedApp): Promise<string[]> {
  try {
    const response = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${METRICS_TOKEN}` } });
    return leaksIn(await response.text()).map(({ what }) => `${what} is in /metrics`);
  } catch {
    return ["/metrics does not answer"];
  }
}
