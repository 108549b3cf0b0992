import { join } from "node:path";
import { createLog } from "../../src/lib/log.ts";
import { openStoreToRead } from "../../src/store/open-store.ts";
import { type Contestant, settings, start } from "./contestants.ts";
import { fillRuns } from "./fill-runs.ts";
import type { FloorFacts } from "./floor.ts";
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

const PEOPLE = 200;
const CONNECTIONS = 16;
/** Until V8 has optimised the code. */
const WARM_UP = 1_500;
const CALLS = 500;
/** The most CPU of a step, as a multiple of the framework's. */
const TARGETS = { email: 2, note: 1.6, delay: 1.3 };

interface Measured extends Called {
  cpuMicros: number;
}

/** The CPU of our steps beside that of Novu's framework alone, and a thousand emails at once. */
export async function stepTables(
  stub: Stub,
  { folder, rounds, log }: { folder: string; rounds: number; log(line: string): void },
): Promise<Record<string, object[]>> {
  const env = { DATA_DIR: join(folder, "steps"), EMAIL_PROVIDERS: "sendgrid", NOVU_PLAN: "team", BENCH_STEPS: "1" };
  log("storing the runs");
  const all = { ...settings(stub.url), ...env };
  const runs = await fillRuns(all, { runs: 1 + WARM_UP + rounds * CALLS, people: PEOPLE });
  const ours = await start("ours", "ours", stub.url, env);
  const servers = [ours];
  const steps: object[] = [];
  try {
    const facts = await factsOf(ours, runs.pop() as StoredRun);
    servers.unshift(await start("the framework", "floor", stub.url, { BENCH_FLOOR: JSON.stringify(facts) }));
    for (const step of STEPS) steps.push(await compare(servers, step, { runs, rounds, log }));
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
  const calls = STEPS.filter(({ channel }) => channel !== null).length * (1 + WARM_UP + rounds * CALLS);
  const decided = await countSent(env.DATA_DIR);
  if (decided !== calls) throw new Error(`${decided} decisions to send were recorded in ${calls} calls`);
  return { steps };
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
): Promise<object> {
  const measured = new Map<Contestant, Measured[]>(servers.map((server) => [server, []]));
  for (let round = 0; round <= rounds; round += 1) {
    log(`${step.kind}, ${round === 0 ? "warm-up" : `round ${round} of ${rounds}`}`);
    const from = round === 0 ? 0 : WARM_UP + (round - 1) * CALLS;
    const ofRound = runs.slice(from, from + (round === 0 ? WARM_UP : CALLS));
    for (const server of servers) {
      for (const other of servers) if (other !== server) other.freeze();
      server.thaw();
      const before = await server.cost();
      const called = await callEach(server.url, step, { runs: ofRound, connections: CONNECTIONS });
      const after = await server.cost();
      if (called.failed > 0) throw new Error(`${called.failed} calls of ${server.name} failed: ${called.refused}`);
      const cpuMicros = (after.cpuMicros - before.cpuMicros) / ofRound.length;
      if (round > 0) measured.get(server)?.push({ ...called, cpuMicros });
    }
    for (const server of servers) server.thaw();
  }
  const [ofFloor, ofOurs] = servers.map((server) => mediansOf(measured.get(server) ?? []));
  const times = (ofOurs?.cpuMicros ?? Number.NaN) / (ofFloor?.cpuMicros ?? Number.NaN);
  const target = TARGETS[step.kind];
  return {
    kind: step.kind,
    floorCpuMicros: Math.round(ofFloor?.cpuMicros ?? 0),
    oursCpuMicros: Math.round(ofOurs?.cpuMicros ?? 0),
    timesFloor: Number(times.toFixed(2)),
    target,
    verdict: times <= target ? "met" : "missed",
    floorPerSecond: Math.round(ofFloor?.perSecond ?? 0),
    oursPerSecond: Math.round(ofOurs?.perSecond ?? 0),
    floorP50Ms: ofFloor?.p50Ms,
    oursP50Ms: ofOurs?.p50Ms,
    floorP99Ms: ofFloor?.p99Ms,
    oursP99Ms: ofOurs?.p99Ms,
  };
}

function mediansOf(rounds: Measured[]): Measured {
  const of = (pick: (round: Measured) => number) => {
    const sorted = rounds.map(pick).toSorted((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  };
  return {
    cpuMicros: of(({ cpuMicros }) => cpuMicros),
    perSecond: of(({ perSecond }) => perSecond),
    p50Ms: of(({ p50Ms }) => p50Ms),
    p99Ms: of(({ p99Ms }) => p99Ms),
    failed: 0,
  };
}

async function countSent(dataDir: string): Promise<number> {
  const store = await openStoreToRead({ dataDir }, { now: Date.now, log: createLog({ level: "silent" }) });
  try {
    const workflows = await store.runs.countByWorkflow(0);
    return workflows.reduce((sum, { sent }) => sum + sent, 0);
  } finally {
    await store.close();
  }
}
