import { createHmac, randomUUID } from "node:crypto";
import autocannon from "autocannon";
import { properties } from "./load.ts";

const KEY = "benchmark";
export const WORKFLOW = "onboarding";
const UNSEEN = { seen: false, read: false, lastSeenDate: null, lastReadDate: null };
/** The steps that are compared, in the order of the workflow. */
export const STEPS = [
  { kind: "email", step: "welcome", channel: "email", result: {} },
  { kind: "note", step: "welcome-note", channel: "in_app", result: UNSEEN },
  { kind: "delay", step: "until-day-2", channel: null, result: {} },
] as const;
export type BenchStep = (typeof STEPS)[number];

/** A stored run, and the shape of its workflow. */
export interface StoredRun {
  transactionId: string;
  distinctId: string;
  eventUuid: string;
  occurredAt: string;
  shape: string;
}

export interface Called {
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
  failed: number;
  /** The answer of one of the failed calls. */
  refused?: string | undefined;
}

/** Novu's call for a step of a run, with its signature of this moment. */
export function stepCall({ step }: Pick<BenchStep, "step">, run: StoredRun) {
  const { email, name } = properties as { email: string; name: string };
  const before = STEPS.slice(
    0,
    STEPS.findIndex((one) => one.step === step),
  ).reverse();
  const body = JSON.stringify({
    payload: {
      invited_by: null,
      run: { ...run, eventName: "user_signed_up", source: "posthog", snapshot: { email, name } },
    },
    controls: {},
    state: [
      ...before.map((one) => ({ stepId: one.step, outputs: one.result, state: { status: "completed" } })),
      { stepId: "", outputs: {}, state: { status: "completed" } },
    ],
    subscriber: { subscriberId: run.distinctId, email, firstName: name, lastName: null, locale: "en", data: {} },
    context: {},
    env: { name: "Production", type: "prod" },
  });
  const query = new URLSearchParams({ action: "execute", workflowId: WORKFLOW, stepId: step, jobId: randomUUID() });
  return { method: "POST" as const, path: `/api/novu?${query}`, body, headers: signed(body) };
}

/** The JSON of a signed GET, such as the discovery. */
export async function getSigned<Found>(url: string, action: string): Promise<Found> {
  const response = await fetch(`${url}/api/novu?action=${action}`, { headers: signed("{}") });
  return (await response.json()) as Found;
}

/** One call for each of these runs. */
export async function callEach(
  url: string,
  step: BenchStep,
  { runs, connections }: { runs: StoredRun[]; connections: number },
): Promise<Called> {
  const left = [...runs];
  const refused: string[] = [];
  const last = left.at(-1);
  const startedAt = performance.now();
  let endedAt = startedAt;
  const result = await autocannon({
    url,
    connections,
    amount: runs.length,
    timeout: 120,
    requests: [
      {
        setupRequest: (request) => ({ ...request, ...stepCall(step, left.shift() ?? (last as StoredRun)) }),
        onResponse(status, body) {
          // The load itself ends up to a second later.
          endedAt = performance.now();
          if (status !== 200) refused.push(body);
        },
      },
    ],
  });
  return {
    perSecond: (1000 * result["2xx"]) / (endedAt - startedAt),
    p50Ms: result.latency.p50,
    p99Ms: result.latency.p99,
    failed: runs.length - result["2xx"],
    refused: refused[0],
  };
}

function signed(body: string): Record<string, string> {
  const at = Date.now();
  const digest = createHmac("sha256", KEY).update(`${at}.${body}`).digest("hex");
  return { "content-type": "application/json", "novu-signature": `t=${at},v1=${digest}` };
}
