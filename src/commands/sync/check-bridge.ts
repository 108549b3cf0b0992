import { z } from "zod";
import type { CommandIo } from "../../lib/command-io.ts";
import { describeError, UnavailableError } from "../../lib/errors.ts";
import type { Sleep } from "../../lib/sleep.ts";
import { withRetries } from "../../lib/with-retries.ts";
import { changesOf } from "../plan/compare-workflows.ts";
import { Discovered, emptySchemas, type Manifest } from "../plan/manifest.ts";
import { Trouble } from "../plan/trouble.ts";
import { askBridge, type BridgeAnswer, get } from "./ask-bridge.ts";

const LOOK_EVERY_MS = 5_000;
/** What stands before it is where the app is. */
const BRIDGE_PATH = /\/api\/novu$/;

/** What a deployment that is in progress may be the reason of. */
const ENDS_BY_DEPLOYING: Array<Trouble["kind"]> = ["bridge", "revision", "discover"];

const Health = z.object({ status: z.literal("ok") });
const Ready = z.object({ status: z.literal("ready"), revision: z.string().nullish() });
const Failure = z.object({ code: z.string() });

interface Check extends Pick<CommandIo, "sleep" | "uptimeMs"> {
  bridgeUrl: string;
  secretKey: string;
  /** What this source tree publishes. */
  manifest: Manifest;
  /** The commit that should run there; null when it is not known here. */
  revision: string | null;
  /** How long it may take until it does. */
  waitMs: number;
  onWait(why: string): void;
}

/** Proves that the bridge is up, is this commit, has our key and publishes all of the manifest; answers what could not be proved. */
export async function checkBridge(check: Check): Promise<string[]> {
  const { waitMs, onWait, sleep, uptimeMs } = check;
  for (const startedAt = uptimeMs(); ; await sleep(LOOK_EVERY_MS)) {
    try {
      const notes = await assertRuns(check);
      await assertSame(check);
      return notes;
    } catch (error) {
      const isOver = uptimeMs() - startedAt + LOOK_EVERY_MS > waitMs;
      if (!(error instanceof Trouble) || !ENDS_BY_DEPLOYING.includes(error.kind) || isOver) throw error;
      onWait(error.message);
    }
  }
}

async function assertRuns({ bridgeUrl, revision, sleep }: Check): Promise<string[]> {
  const health = await answered(() => askBridge(bridgeUrl, "health-check"), bridgeUrl, sleep);
  if (!Health.safeParse(health.body).success)
    throw new Trouble(
      "bridge",
      `${bridgeUrl} answered ${health.status}, and not as a bridge; does NOVU_BRIDGE_URL end in /api/novu?`,
    );

  if (!BRIDGE_PATH.test(bridgeUrl)) return [`its revision is not known: ${bridgeUrl} does not end in /api/novu`];
  const readyUrl = bridgeUrl.replace(BRIDGE_PATH, "/readyz");
  const readiness = await answered(() => get(readyUrl), readyUrl, sleep);
  const ready = Ready.safeParse(readiness.body);
  if (!ready.success) return [`its revision is not known: ${readyUrl} answered ${readiness.status}`];
  const { revision: deployed } = ready.data;
  if (deployed == null || deployed === "")
    return [`its revision is not known: ${readyUrl} does not say; set GIT_REVISION there`];
  if (revision === null)
    return [`the bridge runs ${deployed}, and which commit this is is not known; say so by --revision`];
  if (!isSame(deployed, revision))
    throw new Trouble(
      "revision",
      `the bridge runs ${deployed} and this is ${revision}; deploy it first, or --wait for it`,
    );
  return [];
}

/** What is published is what the bridge discovers, so that has to be what the plan was made of. */
async function assertSame({ bridgeUrl, secretKey, manifest, sleep }: Check): Promise<void> {
  const discover = () => askBridge(bridgeUrl, "discover", secretKey);
  const { status, body } = await answered(discover, bridgeUrl, sleep, "discover");
  if (status === 401 && Failure.safeParse(body).data?.code === "SignatureExpiredError")
    throw new Trouble("another key", "the clocks here and at the bridge are more than 5 minutes apart");
  if (status === 401)
    throw new Trouble(
      "another key",
      `the bridge at ${bridgeUrl} runs with another NOVU_SECRET_KEY than this one, so it would refuse Novu; each environment has its own key and its own bridge`,
    );
  const there = Discovered.safeParse(body);
  if (status !== 200 || !there.success)
    throw new Trouble("discover", `${bridgeUrl} answered ${status} to discover; the bridge's log says why`);

  const empty = emptySchemas(there.data.workflows);
  if (empty.length > 0) throw new Trouble("discover", `the bridge publishes empty schemas: ${empty.join(", ")}`);
  const differing = changesOf(manifest, there.data.workflows.map(asNovuWorkflow)).map(({ workflow }) => workflow);
  if (differing.length > 0)
    throw new Trouble(
      "discover",
      `the bridge does not discover what this source tree has; they differ in ${differing.join(", ")}. Is this commit deployed, and NOVU_PLAN the same here and there?`,
    );
}

/** Asks again what may pass: no answer, or one of trouble. */
async function answered(
  ask: () => Promise<BridgeAnswer>,
  url: string,
  sleep: Sleep,
  action?: "discover",
): Promise<BridgeAnswer> {
  try {
    return await withRetries(
      async () => {
        const answer = await ask();
        if (answer.status < 500) return answer;
        throw new UnavailableError(`${url} answered ${answer.status}${reasonOf(answer.body)}`, { answered: true });
      },
      { sleep },
    );
  } catch (error) {
    if (action === "discover") throw new Trouble("discover", `discover fails: ${describeError(error)}`);
    throw new Trouble("bridge", `the bridge is not there: ${describeError(error)}`);
  }
}

/** What `/readyz` says of itself is meant for everybody. */
function reasonOf(body: unknown): string {
  const reason = z.object({ reason: z.string() }).safeParse(body).data?.reason;
  return reason === undefined ? "" : `: ${reason}`;
}

/** Either may be cut short. */
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
