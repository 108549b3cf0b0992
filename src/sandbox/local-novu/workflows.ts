import { type Request, type Response, Router } from "express";
import { z } from "zod";
import { Channel } from "../../contracts/channel.ts";
import { dropEmptyObjects } from "../../lib/json.ts";
import { answer, refuse, SOME_DAY } from "./answer.ts";
import { type BridgeAnswer, type BridgeClient, LATE, NO_JSON } from "./bridge-call.ts";
import type { NovuState, PublishedWorkflow } from "./state.ts";
import type { Plan } from "./steps/step.ts";

const Paging = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(50),
  offset: z.coerce.number().int().min(0).default(0),
});

/** The routes that sync a bridge's workflows, and that return the published workflows. */
export function workflowRoutes(
  state: NovuState,
  bridge: Pick<BridgeClient, "get">,
  { mostSteps, mostWorkflows }: Pick<Plan, "mostSteps" | "mostWorkflows">,
): Router {
  return Router()
    .post("/v1/bridge/sync", sync)
    .get("/v2/workflows", (request, response) => {
      const paging = Paging.safeParse(request.query);
      if (!paging.success) return refuse(response, 422, z.prettifyError(paging.error));
      const { limit, offset } = paging.data;
      const workflows = state.workflows.slice(offset, offset + limit).map(listed);
      answer(response, 200, { workflows, totalCount: state.workflows.length });
    })
    .get("/v2/workflows/:id", (request, response) => {
      const workflow = state.workflows.find(({ workflowId }) => workflowId === request.params.id);
      if (workflow === undefined) return refuse(response, 404, `Workflow cannot be found: ${request.params.id}`);
      answer(response, 200, detailed(workflow, state.controls[workflow.workflowId] ?? {}));
    });

  /**
   * Deletes every synced workflow that is not in the bridge's answer. An answer without workflows deletes all of them.
   * Novu syncs for any `?source`.
   */
  async function sync(request: Request, response: Response): Promise<void> {
    const { bridgeUrl } = request.body as { bridgeUrl?: string };
    if (bridgeUrl === undefined) return refuse(response, 400, "bridgeUrl is missing");
    const discovered = await bridge.get(bridgeUrl, { action: "discover" });
    const trouble = syncTrouble(bridgeUrl, discovered);
    if (trouble !== null) return refuse(response, 400, trouble);

    const { workflows = [] } = discovered.body as { workflows?: PublishedWorkflow[] };
    const others = state.workflows.filter(({ origin }) => origin === "novu-cloud");
    const tooLong = workflows.find(({ steps }) => steps.length > mostSteps);
    if (tooLong !== undefined)
      return refuse(
        response,
        400,
        `${tooLong.workflowId} has ${tooLong.steps.length} steps, the plan takes ${mostSteps}`,
      );
    if (workflows.length + others.length > mostWorkflows)
      return refuse(response, 400, `${workflows.length + others.length} workflows, the plan takes ${mostWorkflows}`);

    state.bridgeUrl = bridgeUrl;
    state.workflows = [...others, ...workflows.map(published)];
    answer(response, 201, state.workflows);
  }
}

/** Leaves out empty objects, because Novu's database stores none. */
function published({ payload, steps, ...workflow }: PublishedWorkflow): PublishedWorkflow {
  const { workflowId, name = null, description = null, tags = [], severity, preferences } = workflow;
  return {
    ...{ workflowId, name, description, tags, severity, preferences },
    steps: steps.map(({ stepId, type, controls }) => ({
      stepId,
      type,
      controls: dropEmptyObjects({ schema: controls?.schema ?? {} }),
    })),
    payload: dropEmptyObjects({ schema: payload?.schema ?? {} }),
  };
}

function listed({ workflowId, name, tags = [], steps, origin = "external" }: PublishedWorkflow) {
  return {
    _id: workflowId,
    workflowId,
    slug: `${workflowId}_wf`,
    name: name ?? workflowId,
    tags,
    origin,
    status: "ACTIVE",
    createdAt: SOME_DAY,
    updatedAt: SOME_DAY,
    stepTypeOverviews: steps.map(({ type }) => type),
    steps: steps.map(({ stepId, type }) => ({ slug: `${stepId}_st`, type })),
  };
}

function detailed(workflow: PublishedWorkflow, values: Record<string, Record<string, unknown>>) {
  const { workflowId, description, steps, origin = "external", severity = "none", payload, preferences } = workflow;
  return {
    ...listed(workflow),
    ...(description != null && { description }),
    active: true,
    isTranslationEnabled: false,
    severity,
    payloadSchema: payload?.schema,
    preferences: { user: null, default: channelsOf(preferences ?? {}) },
    steps: steps.map(({ stepId, type, controls }) => ({
      _id: `${workflowId}-${stepId}`,
      stepId,
      type,
      name: stepId,
      slug: `${stepId}_st`,
      origin,
      workflowId,
      workflowDatabaseId: workflowId,
      variables: {},
      controls: { dataSchema: controls?.schema, values: values[stepId] ?? {} },
      controlValues: values[stepId] ?? {},
    })),
  };
}

function channelsOf({ all, channels = {} }: NonNullable<PublishedWorkflow["preferences"]>) {
  return {
    all: { enabled: all?.enabled ?? true, readOnly: all?.readOnly ?? false },
    channels: Object.fromEntries(
      Channel.options.map((name) => [name, { enabled: channels[name]?.enabled ?? all?.enabled ?? true }]),
    ),
  };
}

/** Novu's error for a sync; null when Novu accepts the bridge's answer. Novu accepts every 2xx. */
function syncTrouble(bridgeUrl: string, { status, body: { code, message } }: BridgeAnswer): string | null {
  const at = `\`${bridgeUrl}\``;
  if (code === NO_JSON || (status >= 200 && status < 300)) return null;
  // An answer with a code comes from the framework. Novu repeats its message.
  if (status !== 0 && typeof code === "string") return String(message);
  if (code === LATE) return `Bridge request timeout for ${at}`;
  if (status === 0 || status === 404)
    return `Unable to reach Bridge Endpoint at ${at}. Run npx novu@latest dev in Local mode, or ensure your Bridge app deployment is available.`;
  if (status === 502)
    return `Could not connect to Bridge Endpoint at ${at}. Make sure you are running your local app server.`;
  if (status === 401)
    return `Bridge authentication failed for ${at}. Please check your NOVU_SECRET_KEY environment variable.`;
  return `Unknown bridge request error calling ${at}`;
}
