import { z } from "zod";
import type { Config } from "../../config.ts";
import { EmailProvider } from "../../contracts/channel.ts";
import { assertWithinPlan, NOVU_PLANS } from "../../contracts/novu.ts";
import { sleep } from "../../lib/clock.ts";
import type { ServiceResponse } from "../../lib/service-client.ts";
import type { Discovered } from "../../novu/framework.ts";
import { unknownWorkflowOf } from "../../novu/novu-calls.ts";
import { ask } from "../ask.ts";
import { withStoreToRead } from "../command-store.ts";
import { brokenControls, changesOf, type WorkflowDifference } from "../plan/compare-workflows.ts";
import type { Manifest } from "../plan/manifest.ts";
import { readNovuWorkflows } from "../plan/novu-workflows.ts";
import { type Check, type Finding, ok, trouble, warning } from "./check.ts";

const CLOUDS = ["https://api.novu.co", "https://eu.api.novu.co"];

const Environment = z.object({ data: z.object({ name: z.string(), type: z.string().nullish() }) });
const Integrations = z.object({
  data: z.array(z.object({ providerId: z.string(), channel: z.string().nullish(), active: z.boolean() })),
});

/**
 * Checks the key and its environment, the limits of the plan, and that each channel has an integration. Sources:
 * https://docs.novu.co/api-reference/integrations/list-active-integrations and Novu's environments/me.
 */
export function novuChecks({ novu, emailProviders }: Config, discover: () => Promise<Discovered[]>): Check[] {
  return [
    { what: "Novu key", look: environment },
    { what: "Novu plan", look: plan },
    { what: "Novu channels", look: channels },
  ];

  async function environment(): Promise<Finding | Finding[]> {
    const { status, json } = await askNovu(novu.apiUrl, "/v1/environments/me");
    if (status === 401) {
      const home = await otherRegion();
      const way =
        home === null
          ? "is the key of this region, and does it still exist?"
          : `it belongs to the other region: set NOVU_API_URL=${home}`;
      return trouble(`${novu.apiUrl} does not accept NOVU_SECRET_KEY; ${way}`);
    }
    const read = Environment.safeParse(json);
    if (!read.success)
      return trouble(`NOVU_API_URL ${novu.apiUrl} answered ${status}, but not as Novu's API; is it the API's address?`);
    const { name, type } = read.data.data;
    return ok(`of the environment "${name}"${type == null ? "" : ` (${type})`} at ${novu.apiUrl}`);
  }

  async function plan(): Promise<Finding | Finding[]> {
    const workflows = await discover();
    assertWithinPlan(workflows, novu.plan);
    const { mostWorkflows, mostSteps } = NOVU_PLANS[novu.plan];
    const steps = Math.max(...workflows.map((workflow) => workflow.steps));
    return ok(
      `"${novu.plan}": ${workflows.length} of ${mostWorkflows} workflows, at most ${steps} of ${mostSteps} steps`,
    );
  }

  async function channels(): Promise<Finding | Finding[]> {
    const { status, json } = await askNovu(novu.apiUrl, "/v1/integrations/active");
    const read = Integrations.safeParse(json);
    if (!read.success) return trouble(`Novu answered ${status} to the list of integrations; is NOVU_SECRET_KEY right?`);
    const active = read.data.data.filter((one) => one.active);
    const used = new Set((await discover()).flatMap((one) => one.sendingSteps.map(({ channel }) => channel as string)));
    const missing = [...used].filter((channel) => !active.some((one) => one.channel === channel));
    const there = [...used].filter((channel) => !missing.includes(channel));
    const emails = used.has("email") ? active.filter(({ channel }) => channel === "email") : [];
    return [
      ...(there.length > 0 ? [ok(`active: ${there.map((channel) => `${channel} (${by(channel)})`).join(", ")}`)] : []),
      ...missing.map((channel) => {
        const says = `the workflows use ${channel}, and no integration for it is active: see Integrations at Novu`;
        return channel === "email" ? trouble(says) : warning(says);
      }),
      ...emailFindings(emails.map(({ providerId }) => providerId)),
    ];

    function by(channel: string): string {
      return active
        .filter((one) => one.channel === channel)
        .map(({ providerId }) => providerId)
        .join(", ");
    }
  }

  /** Only emails by providers in EMAIL_PROVIDERS have the unsubscribe headers and the text part. */
  function emailFindings(active: string[]): Finding[] {
    const unnamed = active.filter((provider) => !emailProviders.some((one) => one === provider));
    const idle = active.length === 0 ? [] : emailProviders.filter((provider) => !active.includes(provider));
    return [
      ...unnamed.map((provider) =>
        EmailProvider.safeParse(provider).success
          ? trouble(`emails through ${provider} have no unsubscribe headers: add ${provider} to EMAIL_PROVIDERS`)
          : warning(`unsubscribe headers are not supported for ${provider}`),
      ),
      ...idle.map((provider) => warning(`EMAIL_PROVIDERS has ${provider}, but Novu has no active integration for it`)),
    ];
  }

  /** The other region of Novu Cloud, if it accepts the key. A key of a self-hosted Novu is not sent to Novu Cloud. */
  async function otherRegion(): Promise<string | null> {
    if (!CLOUDS.includes(novu.apiUrl)) return null;
    for (const cloud of CLOUDS.filter((one) => one !== novu.apiUrl)) {
      const answer = await askNovu(cloud, "/v1/environments/me").catch(() => null);
      if (answer?.status === 200) return cloud;
    }
    return null;
  }

  function askNovu(apiUrl: string, path: string): Promise<ServiceResponse> {
    const headers = { authorization: `ApiKey ${novu.secretKey}` };
    return ask({ host: apiUrl, headers, unreachable: `NOVU_API_URL ${apiUrl} does not answer` }, { path });
  }
}

/** Pauses before a retry are no longer than this, because the check must end before the doctor's time limit. */
const LONGEST_PAUSE_MS = 250;

/**
 * Checks that Novu has the workflows, that no start job died because Novu lacked a workflow, and that Novu can use the
 * values from its dashboard.
 */
export function novuWorkflowsCheck(config: Config, readManifest: () => Promise<Manifest>): Check {
  return {
    what: "Novu workflows",
    async look() {
      const [manifest, dead] = await Promise.all([readManifest(), deadStarts(config)]);
      const { workflows } = await readNovuWorkflows(config.novu, (ms) => sleep(Math.min(ms, LONGEST_PAUSE_MS)));
      const missing = manifest
        .map(({ workflowId }) => workflowId)
        .filter((id) => !workflows.some((one) => one.workflowId === id));
      const stale = changesOf(manifest, workflows).filter(({ does }) => does === "change");
      const broken = await brokenControls(manifest, workflows);
      return [
        missingFinding(missing, manifest.length),
        ...stale.map(staleFinding),
        ...dead.map(({ workflow, count }) =>
          trouble(
            `${count} ${count === 1 ? "start is" : "starts are"} dead, because Novu did not have "${workflow}": ${missing.includes(workflow) ? "npm run sync, then " : ""}npm run redrive`,
          ),
        ),
        ...broken.map(({ workflow, step, control }) =>
          warning(
            `Novu cannot use the value of "${control}" in ${workflow}/${step} from its dashboard; correct it there`,
          ),
        ),
      ];
    },
  };
}

function missingFinding(missing: string[], all: number): Finding {
  if (missing.length === 0) return ok(`Novu has all ${all}`);
  const lacks = missing.length === all ? `none of them (${missing.join(", ")})` : `no ${missing.join(", no ")}`;
  return trouble(`Novu has ${lacks}, so their events start no run: npm run sync`);
}

/** A run has the steps that Novu had when the run was triggered, so steps that Novu lacks are an error. */
function staleFinding({ workflow, changes }: WorkflowDifference): Finding {
  const lacks = changes.flatMap(({ does, step }) => (does === "add" && step !== null ? [step] : []));
  const what = `Novu has another version of ${workflow}`;
  return lacks.length > 0
    ? trouble(`${what}, without ${lacks.join(", ")}: npm run sync`)
    : warning(`${what}: npm run plan lists the differences`);
}

/** Empty if the store cannot be opened, because another check reports that. */
function deadStarts(config: Config): Promise<Array<{ workflow: string; count: number }>> {
  return withStoreToRead(
    config,
    async (store) => {
      const counts = new Map<string, number>();
      for (const { error, count } of await store.jobs.countDeadByError()) {
        const workflow = unknownWorkflowOf(error);
        if (workflow !== null) counts.set(workflow, (counts.get(workflow) ?? 0) + count);
      }
      return [...counts].map(([workflow, count]) => ({ workflow, count }));
    },
    () => [],
  );
}
