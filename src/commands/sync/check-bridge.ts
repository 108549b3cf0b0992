import { createHmac } from "node:crypto";
import { z } from "zod";
import type { Sleep } from "../../lib/clock.ts";
import type { CommandIo } from "../../lib/command-io.ts";
import { describeError, UnavailableError } from "../../lib/errors.ts";
import { type ServiceResponse, withRetries } from "../../lib/service-client.ts";
import { ask } from "../ask.ts";
import { changesOf } from "../plan/compare-workflows.ts";
import { Discovered, emptySchemas, type Manifest } from "../plan/manifest.ts";
import { SyncError } from "../plan/sync-error.ts";

const LOOK_EVERY_MS = 5_000;
/** The part of the bridge's URL before this path is the app's URL. */
const BRIDGE_PATH = /\/api\/novu$/;

/** A deployment in progress can cause these errors, so the checks are repeated after them. */
const MAY_PASS: Array<SyncError["kind"]> = ["bridge", "revision", "discover"];

const Health = z.object({ status: z.literal("ok") });
const Ready = z.object({ status: z.literal("ready"), revision: z.string().nullish() });
const Failure = z.object({ code: z.string() });

interface Check extends Pick<CommandIo, "sleep" | "uptimeMs"> {
  bridgeUrl: string;
  secretKey: string;
  /** The workflows of this source tree. */
  manifest: Manifest;
  /** The commit that the bridge has to run; null if unknown. */
  revision: string | null;
  /** How long to repeat the checks until they pass. */
  waitMs: number;
  onWait(why: string): void;
}

/**
 * Checks that the bridge is up, runs this commit, has our key and publishes the whole manifest. Returns notes about
 * checks that were not possible.
 */
export async function checkBridge(check: Check): Promise<string[]> {
  const { waitMs, onWait, sleep, uptimeMs } = check;
  for (const startedAt = uptimeMs(); ; await sleep(LOOK_EVERY_MS)) {
    try {
      const notes = await assertRuns(check);
      await assertSame(check);
      return notes;
    } catch (error) {
      const isOver = uptimeMs() - startedAt + LOOK_EVERY_MS > waitMs;
      if (!(error instanceof SyncError) || !MAY_PASS.includes(error.kind) || isOver) throw error;
      onWait(error.message);
    }
  }
}

async function assertRuns({ bridgeUrl, revision, sleep }: Check): Promise<string[]> {
  const health = await answered(() => askBridge(bridgeUrl, "health-check"), bridgeUrl, sleep);
  if (!Health.safeParse(health.json).success)
    throw new SyncError(
      "bridge",
      `${bridgeUrl} answered ${health.status}, but not as a bridge; does NOVU_BRIDGE_URL end in /api/novu?`,
    );

  if (!BRIDGE_PATH.test(bridgeUrl))
    return [`the revision of the bridge is unknown: ${bridgeUrl} does not end in /api/novu`];
  const readyUrl = bridgeUrl.replace(BRIDGE_PATH, "/readyz");
  const readiness = await answered(() => get(readyUrl), readyUrl, sleep);
  const ready = Ready.safeParse(readiness.json);
  if (!ready.success) return [`the revision of the bridge is unknown: ${readyUrl} answered ${readiness.status}`];
  const { revision: deployed } = ready.data;
  if (deployed == null || deployed === "")
    return [`the revision of the bridge is unknown: ${readyUrl} has none; set GIT_REVISION where the bridge runs`];
  if (revision === null)
    return [`the bridge runs ${deployed}, and the commit of this source tree is unknown; give it with --revision`];
  if (!isSame(deployed, revision))
    throw new SyncError(
      "revision",
      `the bridge runs ${deployed}, but should run ${revision}; deploy that first, or use --wait`,
    );
  return [];
}

/** A sync publishes the workflows that the bridge discovers, so they have to equal the manifest of the plan. */
async function assertSame({ bridgeUrl, secretKey, manifest, sleep }: Check): Promise<void> {
  const discover = () => askBridge(bridgeUrl, "discover", secretKey);
  const { status, json } = await answered(discover, bridgeUrl, sleep, "discover");
  if (status === 401 && Failure.safeParse(json).data?.code === "SignatureExpiredError")
    throw new SyncError("another key", "the clocks here and at the bridge are more than 5 minutes apart");
  if (status === 401)
    throw new SyncError(
      "another key",
      `the bridge at ${bridgeUrl} has another NOVU_SECRET_KEY, so it would refuse Novu; each environment has its own key and its own bridge`,
    );
  const there = Discovered.safeParse(json);
  if (status !== 200 || !there.success)
    throw new SyncError("discover", `${bridgeUrl} answered ${status} to discover; the bridge's log says why`);

  const empty = emptySchemas(there.data.workflows);
  if (empty.length > 0) throw new SyncError("discover", `the bridge publishes empty schemas: ${empty.join(", ")}`);
  const differing = changesOf(manifest, there.data.workflows.map(asNovuWorkflow)).map(({ workflow }) => workflow);
  if (differing.length > 0)
    throw new SyncError(
      "discover",
      `the bridge and this source tree differ in ${differing.join(", ")}. Is this commit deployed, and NOVU_PLAN the same here and there?`,
    );
}

/** Makes a call, and repeats it after a missing answer or a 5xx. */
async function answered(
  ask: () => Promise<ServiceResponse>,
  url: string,
  sleep: Sleep,
  action?: "discover",
): Promise<ServiceResponse> {
  try {
    return await withRetries(
      async () => {
        const answer = await ask();
        if (answer.status < 500) return answer;
        throw new UnavailableError(`${url} answered ${answer.status}${reasonOf(answer.json)}`, { answered: true });
      },
      { sleep },
    );
  } catch (error) {
    if (action === "discover") throw new SyncError("discover", `discover fails: ${describeError(error)}`);
    throw new SyncError("bridge", `the bridge does not answer: ${describeError(error)}`);
  }
}

/** The reason in the answer of `/readyz`, which is public. */
function reasonOf(body: unknown): string {
  const reason = z.object({ reason: z.string() }).safeParse(body).data?.reason;
  return reason === undefined ? "" : `: ${reason}`;
}

/** Either hash may be abbreviated. */
function isSame(one: string, other: string): boolean {
  return one.startsWith(other) || other.startsWith(one);
}

function asNovuWorkflow({ payload, steps, name, ...rest }: Manifest[number]) {
  return {
    ...rest,
    name: name ?? rest.workflowId,
    payloadSchema: payload.schema,
    steps: steps.map(({ stepId, type, controls, outputs }) => ({
      stepId,
      type,
      controlSchema: controls.schema,
      resultSchema: type === "custom" ? outputs?.schema : undefined,
      values: {},
    })),
  };
}

/** Novu waits 5 s for a bridge. */
const ANSWER_WITHIN_MS = 5_000;

/** Makes one GET. Throws an UnavailableError if there is no answer. */
function get(url: string, headers: Record<string, string> = {}): Promise<ServiceResponse> {
  return ask({ host: url, headers, unreachable: `${url} does not answer` }, { path: "", withinMs: ANSWER_WITHIN_MS });
}

/** Calls an action of the bridge, with Novu's signature if there is a key. */
export function askBridge(bridgeUrl: string, action: "health-check" | "discover", secretKey?: string) {
  const url = new URL(bridgeUrl);
  url.searchParams.set("action", action);
  return get(url.href, secretKey === undefined ? {} : { "novu-signature": signatureOf(secretKey) });
}

/** The signature of a GET is made for the body `{}`. */
function signatureOf(secretKey: string): string {
  const time = Date.now();
  return `t=${time},v1=${createHmac("sha256", secretKey).update(`${time}.{}`).digest("hex")}`;
}
