import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import type { Run } from "../contracts/run.ts";
import { stepsBefore } from "../contracts/workflow.ts";
import { setAtPath } from "../lib/json.ts";
import type { ExecuteBody, StepState } from "./bridge-call.ts";
import type { CodedCall, RunRecords } from "./continue-run.ts";

type Payload = Record<string, unknown>;
type Issue = z.core.$ZodIssue;

/** Ends the loop for a default that does not fit its own schema. */
const MOST_TRIES = 50;
/** Cached, because a digest may have a thousand payloads, and converting a schema is slower than parsing a payload. */
const publishedSchemas = new WeakMap<z.ZodObject, object>();
const ABOUT_LENGTH = new Set<unknown>(["too_small", "too_big"]);

/**
 * Makes the payload of a run fit the present schema, if the run began with another schema. A new field, or a field that
 * does not fit any more, gets its default, also inside another field. Without a default the field becomes null or
 * absent if the schema allows that. `misfit` names the fields that still do not fit; it contains no values.
 */
export function completePayload(payload: Payload, schema: z.ZodObject): { payload: Payload } | { misfit: string } {
  let completed = payload;
  for (let tries = 1; ; tries += 1) {
    const read = schema.safeParse(completed);
    if (read.success) return { payload: { ...completed, ...read.data } };
    const published = publishedOf(schema);
    const issues = read.error.issues.filter((issue) => !isAboutForm(issue, published));
    if (issues.length === 0) return { payload: completed };
    const before = completed;
    for (const issue of issues) completed = resolved(completed, issue, { schema, published });
    if (tries === MOST_TRIES || isDeepStrictEqual(before, completed))
      return { misfit: [...new Set(issues.map(({ path }) => path.join(".")))].join(", ") };
  }
}

function publishedOf(schema: z.ZodObject): object {
  const known = publishedSchemas.get(schema);
  if (known !== undefined) return known;
  const published = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  publishedSchemas.set(schema, published);
  return published;
}

/** The payload with one issue resolved; the same payload if the issue cannot be resolved. */
function resolved(
  payload: Payload,
  issue: Issue,
  { schema, published }: { schema: z.ZodObject; published: object },
): Payload {
  const { path } = issue;
  if (issue.code === "unrecognized_keys")
    return issue.keys.reduce((rest, key) => setAtPath(rest, [...path, key], undefined), payload);
  const byDefault = defaultAt(published, path);
  if (byDefault !== undefined) return setAtPath(payload, path, byDefault);
  if (valueAt(payload, path) !== undefined && !isInList(payload, path)) return setAtPath(payload, path, undefined);
  if (allowsNull(payload, path, schema)) return setAtPath(payload, path, null);
  const around = path.slice(
    0,
    path.findLastIndex((_, index) => index > 0 && !isInList(payload, path.slice(0, index))),
  );
  return around.length === 0 ? payload : setAtPath(payload, around, undefined);
}

/**
 * Whether the issue is ignored: the form and length of a text, and rules in code, are checked only when the event
 * arrives. A link to another host is never ignored.
 */
function isAboutForm(issue: Issue, published: object): boolean {
  if (issue.code === "invalid_union")
    return issue.errors.some((alternative) => alternative.every((one) => isAboutForm(one, {})));
  if (issue.code === "custom") return defaultAt(published, issue.path) === undefined;
  if (issue.code === "invalid_format") return issue.format !== "url" || defaultAt(published, issue.path) === undefined;
  return ABOUT_LENGTH.has(issue.code) && (issue as { origin?: string }).origin === "string";
}

/** The default at a path of the published schema; undefined if there is none. */
function defaultAt(published: unknown, [key, ...rest]: PropertyKey[]): unknown {
  const {
    default: own,
    properties,
    items,
    additionalProperties,
    anyOf,
    oneOf,
    allOf,
  } = (published ?? {}) as {
    default?: unknown;
    properties?: Record<PropertyKey, unknown>;
    [keyword: string]: unknown;
  };
  if (key === undefined && own !== undefined) return own;
  const inside = typeof key === "number" ? items : (properties?.[key ?? ""] ?? additionalProperties);
  const found = key === undefined ? undefined : defaultAt(inside, rest);
  if (found !== undefined) return found;
  const alternatives = [anyOf, oneOf, allOf].flatMap((some) => (Array.isArray(some) ? some : []));
  return alternatives
    .map((one) => defaultAt(one, key === undefined ? [] : [key, ...rest]))
    .find((one) => one !== undefined);
}

function allowsNull(payload: Payload, path: PropertyKey[], schema: z.ZodObject): boolean {
  if (path.length === 0 || valueAt(payload, path) === null) return false;
  const { error } = schema.safeParse(setAtPath(payload, path, null));
  return !error?.issues.some((issue) => path.every((key, index) => issue.path[index] === key));
}

function isInList(payload: Payload, path: PropertyKey[]): boolean {
  return Array.isArray(valueAt(payload, path.slice(0, -1)));
}

function valueAt(value: unknown, path: PropertyKey[]): unknown {
  return path.reduce<unknown>((inner, key) => (inner as Record<PropertyKey, unknown> | null | undefined)?.[key], value);
}

type Outputs = Record<string, unknown>;

/**
 * Makes the state of a run fit the present code, if the run began with another shape. The framework refuses a call
 * whose state lacks a step that the code has before the target. So such a step is added to the state as skipped;
 * `missing` names the added steps.
 */
export function completeState(
  { run, step: target, body: { state }, code, then, digest }: CodedCall,
  payload: Outputs,
): { state: StepState[]; missing: string[] } {
  const there = new Map(state.map((entry) => [entry.stepId, entry]));
  const missing: string[] = [];
  const before = stepsBefore(code.shape, target);
  const completed = before.map(({ step, type }): StepState => {
    const entry = there.get(step);
    const passed = type === "digest" && digest !== undefined ? there.get(digest)?.outputs : undefined;
    const untouched = passed ?? untouchedOutputs(type, { run, payload });
    if (entry === undefined) {
      missing.push(step);
      return { stepId: step, outputs: untouched, state: { status: "skipped" } };
    }
    const typeThen = then?.steps.find((one) => one.step === step)?.type ?? type;
    if (typeThen !== type) return { stepId: step, outputs: untouched, state: { status: "skipped" } };
    return { ...entry, outputs: { ...untouched, ...entry.outputs } };
  });
  const known = new Set(before.map(({ step }) => step));
  return { state: [...completed, ...state.filter(({ stepId }) => !known.has(stepId))], missing };
}

/** The outputs of a step that did nothing, for later steps. */
function untouchedOutputs(type: string, { run, payload }: { run: Run; payload: Outputs }): Outputs {
  switch (type) {
    case "in_app":
      return { seen: false, read: false, lastSeenDate: null, lastReadDate: null };
    case "delay":
      return { duration: 0 };
    case "throttle":
      return { throttled: false };
    case "digest":
      // Without a digest the run has only its own event.
      return { events: [{ id: run.transactionId, time: run.occurredAt, payload }], eventCount: 1 };
    default:
      return {};
  }
}

/** Runs a custom step and returns its outputs. Throws if the step fails. */
export type RunCustom = (step: string, body: ExecuteBody) => Promise<Outputs>;

/** The stored value of a custom step. The call for a later step may have run the custom step before. */
export async function knownResult(
  { findCustomValues }: RunRecords,
  { run, step, code: { results } }: CodedCall,
): Promise<Outputs | undefined> {
  const schema = results.get(step);
  if (schema === undefined) return undefined;
  const { [step]: value } = await findCustomValues(run.transactionId);
  return schema.safeParse(value).success ? (value as Outputs) : undefined;
}

/**
 * The body with the result of each custom step before this step. Novu's state may lack a result, because the call was
 * lost or because the code has the custom step at another place now. Such a custom step runs here, once for each run.
 */
export async function withResults(
  { findCustomValues, saveCustomValue }: RunRecords,
  { body, step: target, code, run: { transactionId, distinctId }, runCustom }: CodedCall,
): Promise<ExecuteBody> {
  let completed = body;
  let saved: Outputs | undefined;
  for (const { step } of stepsBefore(code.shape, target)) {
    const schema = code.results.get(step);
    if (schema === undefined) continue;
    const inState = completed.state.find(({ stepId }) => stepId === step);
    if (inState !== undefined && hasRun(inState) && schema.safeParse(inState.outputs).success) continue;
    saved ??= await findCustomValues(transactionId);
    const isSaved = saved[step] !== undefined;
    const value =
      isSaved && schema.safeParse(saved[step]).success
        ? saved[step]
        : await saveCustomValue({ transactionId, distinctId, step }, await runCustom(step, completed), {
            replace: isSaved,
          });
    completed = { ...completed, state: withOutputs(completed.state, step, value as Outputs) };
  }
  return completed;
}

/** Whether the step has run. If not, its outputs are `{}`, which may fit the schema by chance. */
function hasRun({ state }: StepState): boolean {
  return !["failed", "canceled", "skipped"].includes(state?.status ?? "");
}

function withOutputs(state: StepState[], step: string, outputs: Outputs): StepState[] {
  if (!state.some(({ stepId }) => stepId === step))
    return [...state, { stepId: step, outputs, state: { status: "skipped" } }];
  return state.map((entry) => (entry.stepId === step ? { ...entry, outputs } : entry));
}
