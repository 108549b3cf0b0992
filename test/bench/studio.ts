import { PAGES } from "../../src/studio/pages/index.ts";
import { start } from "./contestants.ts";
import { fillStore, PERSON, RUN } from "./fill-store.ts";
import type { Stub } from "./stub.ts";

interface Engine {
  name: string;
  load: Record<string, string>;
}

interface PageTime {
  page: string;
  engine: string;
  /** The first answer, without warm-up. */
  firstMs: number;
  medianMs: number;
  slowestMs: number;
  /** The app's CPU time for one answer. */
  cpuMs: number;
  kb: number;
}

const SECRET = "the benchmark's own studio secret";
const TIMES = 20;
const MS_ALLOWED = 100;

/** The addresses at which a page does the most. Other pages are read at their plain address. */
const ADDRESSES: Record<string, string[]> = {
  "/": ["/", "/?period=30d"],
  "/runs": ["/runs", `/runs?q=${PERSON}`, "/runs?workflow=drop-off&state=left", "/runs?state=stuck"],
  "/runs/:run": [`/runs/${encodeURIComponent(RUN)}`],
  "/why": ["/why", `/why?person=${PERSON}`],
  "/people/:person": [`/people/${PERSON}`],
  "/queue": ["/queue"],
  "/ignored": ["/ignored", `/ignored?about=${PERSON}`],
  "/workflows/:workflow": ["/workflows/onboarding?period=30d"],
};

/** The time of the built studio for each page, on stores with this number of runs; a page over the limit is marked. */
export async function studioTimes(
  stub: Stub,
  { engines, runs, log }: { engines: Engine[]; runs: number; log(text: string): void },
): Promise<PageTime[]> {
  const times: PageTime[] = [];
  for (const { name, load: env } of engines) {
    log(`filling ${name} with ${runs} runs`);
    times.push(...(await timesOn(stub, { name, env, runs })));
  }
  return times;
}

async function timesOn(
  stub: Stub,
  { name, env, runs }: { name: string; env: Record<string, string>; runs: number },
): Promise<PageTime[]> {
  await fillStore(env, { runs });
  const app = await openStudio(stub, `studio, ${name}`, env);
  try {
    const times: PageTime[] = [];
    for (const address of pageAddresses()) {
      const { firstMs, ...others } = await app.timesOf(`/studio${address}`, TIMES);
      const mark = Math.max(firstMs, others.slowestMs) > MS_ALLOWED ? "  !" : "";
      times.push({ page: `${address}${mark}`, engine: name, firstMs, ...others });
    }
    return times;
  } finally {
    await app.stop();
  }
}

export function pageAddresses(): string[] {
  return PAGES.flatMap(({ path }) => ADDRESSES[path] ?? [path]);
}

export interface OpenedStudio {
  /** The times of this many answers of an address, after the first. */
  timesOf(address: string, times: number): Promise<Omit<PageTime, "page" | "engine">>;
  stop(): Promise<void>;
}

/** The app with a studio, and a login. */
export async function openStudio(stub: Stub, name: string, env: Record<string, string>): Promise<OpenedStudio> {
  const app = await start(name, "ours", stub.url, { ...env, STUDIO_SECRET: SECRET });
  const login = await fetch(`${app.url}/studio/login`, {
    method: "POST",
    body: new URLSearchParams({ secret: SECRET }),
    redirect: "manual",
  });
  const cookie = login.headers.get("set-cookie")?.split(";", 1)[0] ?? "";
  return {
    async timesOf(address, times) {
      const took: number[] = [];
      let bytes = 0;
      const before = await app.cost();
      for (let time = 0; time <= times; time += 1) {
        const startedAt = performance.now();
        const response = await fetch(`${app.url}${address}`, { headers: { cookie }, redirect: "manual" });
        bytes = (await response.arrayBuffer()).byteLength;
        took.push(performance.now() - startedAt);
        if (response.status !== 200) throw new Error(`${address} was answered ${response.status}`);
      }
      const cpuMs = tenths(((await app.cost()).cpuMicros - before.cpuMicros) / took.length / 1000);
      const [firstMs = 0, ...later] = took.map(tenths);
      const sorted = later.sort((a, b) => a - b);
      const [medianMs = 0, slowestMs = 0] = [sorted[Math.floor(sorted.length / 2)], sorted.at(-1)];
      return { firstMs, medianMs, slowestMs, cpuMs, kb: Math.ceil(bytes / 1024) };
    },
    stop: app.stop,
  };
}

function tenths(ms: number): number {
  return Math.round(ms * 10) / 10;
}
