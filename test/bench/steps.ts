import { join } from "node:path";
import { createLog } from "../../src/lib/log.ts";
import { openStoreToRead } from "../../src/store/open-store.ts";
import { type Contestant, settings, start } from "./contestants.ts";
import { fillRuns } from "./fill-runs.ts";
import type { FloorFacts } from "./floor.ts";
import { median } from "./median.ts";
import {
  type BenchStep,
  type Called,
  callEach,
  getSigned,
  STEPS,
  type StoredRun,
  stepCall,
  WORKFLOW,
} from "./step-calls.ts";
import type { Stub } from "./stub.ts";
import { atMost, type Verdict } from "./verdicts.ts";

const PEOPLE = 200;
const CONNECTIONS = 16;
/** Until V8 has optimised the code. */
const WARM_UP = 1_500;
const CALLS = 500;
/** The most CPU of a step, as a multiple of the framework's. */
const TARGETS = { email: 2, note: 1.6, delay: 1.3 };
/** Emails to as many people at the same moment. */
const AT_ONCE = 1_000;
const MOST_READS = 5;

interface Measured extends Called {
  cpuMicros: number;
}

interface StepRow {
  kind: BenchStep["kind"];
  server: string;
  cpuMicros: number;
  /** The CPU as a multiple of the framework's. */
  ofFramework: number;
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
}

/** The CPU of our steps beside that of Novu's framework alone, and a thousand emails at once. */
export async function stepCosts(
  stub: Stub,
  { folder, rounds, log }: { folder: string; rounds: number; log(line: string): void },
): Promise<{ tables: Record<string, object[]>; verdicts: Verdict[] }> {
  const env = { DATA_DIR: join(folder, "steps"), EMAIL_PROVIDERS: "sendgrid", NOVU_PLAN: "team", BENCH_STEPS: "1" };
  const all = { ...settings(stub.url), ...env };
  log("storing the runs");
  // Two calls in a row are for one person, so that 16 calls at once are for fewer than 16 people: for more people at
  // once, the app waits 0.4 s to read them together.
  const personOf = (number: number) => `person-${Math.floor(number / 2) % PEOPLE}`;
  const runs = await fillRuns(all, { runs: 1 + WARM_UP + rounds * CALLS, personOf });
  const crowd = await fillRuns(all, { runs: AT_ONCE, personOf: (number) => `one-of-a-crowd-${number}` });
  const ours = await start("ours", "ours", stub.url, env);
  const servers = [ours];
  const steps: StepRow[] = [];
  const verdicts: Verdict[] = [];
  try {
    const facts = await factsOf(ours, runs.pop() as StoredRun);
    servers.unshift(await start("the framework", "floor", stub.url, { BENCH_FLOOR: JSON.stringify(facts) }));
    for (const step of STEPS) steps.push(...(await compare(servers, step, { runs, rounds, log })));
    for (const { kind, server, ofFramework } of steps)
      if (server === "ours") verdicts.push(atMost(`${kind}: CPU, of the framework's`, ofFramework, TARGETS[kind]));
    log(`${AT_ONCE} emails at once`);
    servers[0]?.freeze();
    const { row, verdicts: ofCrowd } = await crowdAtOnce(stub, ours, crowd);
    verdicts.push(...ofCrowd);
    const messages = STEPS.filter(({ channel }) => channel !== null).length;
    await assertDecided(env.DATA_DIR, messages * (1 + WARM_UP + rounds * CALLS) + AT_ONCE);
    return { tables: { steps, crowd: [row] }, verdicts };
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

/** The schemas and answers of our app, for the floor. */
async function factsOf({ url }: Contestant, run: StoredRun): Promise<FloorFacts> {
  const { workflows } = await getSigned<{ workflows: Discovered[] }>(url, "discover");
  const found = workflows.find(({ workflowId }) => workflowId === WORKFLOW);
  const facts: FloorFacts = { payloadSchema: found?.payload.schema ?? { type: "object" }, steps: {} };
  for (const step of STEPS) {
    const { path, ...call } = stepCall(step, run);
    const response = await fetch(`${url}${path}`, call);
    const answer = await response.text();
    const { outputs, providers, options } = JSON.parse(answer) as Answer;
    if (response.status !== 200 || options.skip) throw new Error(`${step.step} was not sent: ${answer}`);
    const { type = "", controls } = found?.steps.find(({ stepId }) => stepId === step.step) ?? {};
    facts.steps[step.step] = { type, controlSchema: controls?.schema ?? { type: "object" }, outputs, providers };
  }
  return facts;
}

interface Discovered {
  workflowId: string;
  payload: { schema: { type: "object" } };
  steps: Array<{ stepId: string; type: string; controls: { schema: { type: "object" } } }>;
}

interface Answer {
  outputs: Record<string, unknown>;
  providers: Record<string, unknown>;
  options: { skip: boolean };
}

/** Rounds of both servers in turns, with the other one frozen. */
async function compare(
  servers: Contestant[],
  step: BenchStep,
  { runs, rounds, log }: { runs: StoredRun[]; rounds: number; log(line: string): void },
): Promise<StepRow[]> {
  const measured = new Map<Contestant, Measured[]>(servers.map((server) => [server, []]));
  for (let round = 0; round <= rounds; round += 1) {
    log(`${step.kind}, ${round === 0 ? "warm-up" : `round ${round} of ${rounds}`}`);
    const from = round === 0 ? 0 : WARM_UP + (round - 1) * CALLS;
    const ofRound = runs.slice(from, from + (round === 0 ? WARM_UP : CALLS));
    for (const server of servers) {
      for (const other of servers) if (other !== server) other.freeze();
      server.thaw();
      const called = await measure(server, step, { runs: ofRound, connections: CONNECTIONS });
      if (round > 0) measured.get(server)?.push(called);
    }
    for (const server of servers) server.thaw();
  }
  const rows = servers.map((server) => {
    const of = (pick: (round: Measured) => number) => median((measured.get(server) ?? []).map(pick));
    return {
      ...{ kind: step.kind, server: server.name, cpuMicros: of(({ cpuMicros }) => cpuMicros) },
      perSecond: of(({ perSecond }) => perSecond),
      ...{ p50Ms: of(({ p50Ms }) => p50Ms), p99Ms: of(({ p99Ms }) => p99Ms) },
    };
  });
  const floor = rows[0]?.cpuMicros ?? Number.NaN;
  return rows.map(({ kind, server, cpuMicros, perSecond, ...times }) => ({
    ...{ kind, server, cpuMicros: Math.round(cpuMicros), ofFramework: Number((cpuMicros / floor).toFixed(2)) },
    perSecond: Math.round(perSecond),
    ...times,
  }));
}

/** Emails to different people, on a connection each: few reads at PostHog, and no wait besides them and the CPU. */
async function crowdAtOnce(stub: Stub, ours: Contestant, runs: StoredRun[]) {
  stub.takePersonReads();
  const called = await measure(ours, STEPS[0], { runs, connections: runs.length });
  const { count, ms } = stub.takePersonReads();
  const [stubMs, cpuMs] = [Math.ceil(ms), Math.ceil((called.cpuMicros * runs.length) / 1_000)];
  const { p50Ms, p99Ms } = called;
  return {
    row: { emails: runs.length, personReads: count, stubMs, cpuMs, p50Ms, p99Ms },
    verdicts: [
      atMost(`${runs.length} emails at once: reads at PostHog`, count, MOST_READS),
      atMost(
        `${runs.length} emails at once: p99 in ms, the stub's time and the CPU's as target`,
        p99Ms,
        stubMs + cpuMs,
      ),
    ],
  };
}

async function measure(
  server: Contestant,
  step: BenchStep,
  load: { runs: StoredRun[]; connections: number },
): Promise<Measured> {
  const before = await server.cost();
  const called = await callEach(server.url, step, load);
  const after = await server.cost();
  if (called.failed > 0) throw new Error(`${called.failed} calls of ${server.name} failed: ${called.refused}`);
  return { ...called, cpuMicros: (after.cpuMicros - before.cpuMicros) / load.runs.length };
}

/** Throws if not every message has its decision in the store. */
async function assertDecided(dataDir: string, messages: number): Promise<void> {
  const store = await openStoreToRead({ dataDir }, { now: Date.now, log: createLog({ level: "silent" }) });
  try {
    const workflows = await store.runs.countByWorkflow(0);
    const sent = workflows.reduce((sum, one) => sum + one.sent, 0);
    if (sent !== messages) throw new Error(`${sent} decisions to send were recorded in ${messages} calls`);
  } finally {
    await store.close();
  }
}
