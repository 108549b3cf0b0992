import { randomUUID } from "node:crypto";
import { Router } from "express";
import { z } from "zod";
import { invalid, NOT_FOUND, pageOf } from "./answers.ts";
import type { PostHogHogFunction, PostHogState } from "./state.ts";
import type { Destination } from "./webhooks.ts";

const TEMPLATE = "template-webhook";
const DEGRADED = 2;
const DISABLED = 3;

const Inputs = z.record(z.string(), z.looseObject({ value: z.unknown().optional(), secret: z.boolean().optional() }));
const Changes = z
  .object({
    name: z.string().max(400),
    description: z.string(),
    enabled: z.boolean(),
    deleted: z.boolean(),
    inputs: Inputs,
    filters: z.record(z.string(), z.unknown()),
  })
  .partial();
const NewFunction = Changes.extend({ type: z.string(), template_id: z.literal(TEMPLATE) });

/** The routes for the destinations of the data pipeline. */
export function hogFunctionRoutes(state: PostHogState, settings: { hasSigning: boolean }): Router {
  return Router({ mergeParams: true })
    .get("/hog_functions", ({ query }, response) => {
      const type = String(query.type ?? "destination");
      const listed = state.hogFunctions.filter((one) => !one.deleted && one.type === type);
      response.json(pageOf("hog_functions", listed.map(listedDto), query));
    })
    .post("/hog_functions", ({ body }, response) => {
      const given = NewFunction.safeParse(body);
      if (!given.success) return void response.status(400).json(invalid(given.error));
      const { type, template_id: templateId, inputs = {}, ...rest } = given.data;
      const fresh: PostHogHogFunction = {
        ...{ id: randomUUID(), type, name: "HTTP Webhook", description: "", enabled: false, deleted: false },
        ...{ templateId, inputs: {}, inputsSchema: schemaOf(settings), filters: {}, state: 1 },
      };
      const trouble = change(fresh, { ...rest, inputs });
      if (trouble !== null) return void response.status(400).json(invalid(trouble));
      state.hogFunctions.push(fresh);
      response.status(201).json(detailedDto(fresh));
    })
    .get("/hog_functions/:id", ({ params }, response) => {
      const one = find(params.id);
      if (one === undefined) return void response.status(404).json(NOT_FOUND);
      response.json(detailedDto(one));
    })
    .patch("/hog_functions/:id", ({ params, body }, response) => {
      const one = find(params.id);
      const given = Changes.safeParse(body);
      if (one === undefined) return void response.status(404).json(NOT_FOUND);
      const trouble = given.success ? change(one, given.data) : z.prettifyError(given.error);
      if (trouble !== null) return void response.status(400).json(invalid(trouble));
      // Saving a function that PostHog has disabled enables it again, unless PostHog's staff disabled it.
      if (one.enabled && one.state === DISABLED) one.state = DEGRADED;
      response.json(detailedDto(one));
    })
    .delete("/hog_functions/:id", (_request, response) => {
      response.status(405).json({ type: "invalid_request", code: "method_not_allowed", detail: "Use deleted: true." });
    });

  function find(id: string) {
    return state.hogFunctions.find((one) => one.id === id && !one.deleted);
  }
}

/** The destinations that are enabled and that PostHog has not disabled. */
export function liveDestinations({ hogFunctions }: PostHogState): Destination[] {
  return hogFunctions
    .filter(({ enabled, deleted, state }) => enabled && !deleted && ![3, 12].includes(state))
    .map(({ inputs, filters }) => ({
      url: String(inputs.url?.value),
      signingSecret: inputs.signing_secret?.value as string | undefined,
      headers: inputs.headers?.value as Record<string, string> | undefined,
      events: eventsOf(filters),
    }));
}

function eventsOf({ events }: Record<string, unknown>): string[] | null {
  const listed = z.array(z.object({ id: z.string() })).safeParse(events).data ?? [];
  return listed.length === 0 ? null : listed.map(({ id }) => id);
}

function schemaOf({ hasSigning }: { hasSigning: boolean }): PostHogHogFunction["inputsSchema"] {
  const keys = ["url", "method", "body", "headers", "debug"].map((key) => ({ key, secret: false }));
  return hasSigning ? [...keys, { key: "signing_secret", secret: true }] : keys;
}

/** Applies changes. `inputs` replaces all inputs, but a masked secret keeps its value. Returns the error, or null. */
function change(one: PostHogHogFunction, { inputs, ...rest }: z.infer<typeof Changes>): string | null {
  if (inputs !== undefined) {
    const accepted = one.inputsSchema.flatMap(({ key, secret }) => {
      const given = inputs[key];
      if (given === undefined) return [];
      if (secret && given.secret === true) return one.inputs[key] === undefined ? [] : [[key, one.inputs[key]]];
      return [[key, { value: given.value }]];
    });
    const next: PostHogHogFunction["inputs"] = Object.fromEntries(accepted);
    if (typeof next.url?.value !== "string") return "inputs: url: This field is required.";
    one.inputs = next;
  }
  Object.assign(one, Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)));
  return null;
}

/** A function as lists show it, without its inputs. */
function listedDto({ id, type, name, description, enabled, filters, templateId, state }: PostHogHogFunction) {
  return {
    ...{ id, type, name, description, enabled, icon_url: null, execution_order: null },
    filters: { ...filters, bytecode: ["_H", 1] },
    template: templateId === null ? null : { id: templateId, name: "HTTP Webhook" },
    status: { state, tokens: 10_000 },
  };
}

function detailedDto(one: PostHogHogFunction) {
  const inputs = one.inputsSchema.flatMap(({ key, secret }, order) => {
    const input = one.inputs[key];
    if (input === undefined) return [];
    return [[key, secret ? { secret: true } : { value: input.value, bytecode: ["_H", 1], order }]];
  });
  return { ...listedDto(one), inputs_schema: one.inputsSchema, inputs: Object.fromEntries(inputs) };
}
