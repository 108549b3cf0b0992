import { z } from "zod";
import type { Sleep } from "../../lib/clock.ts";
import { UnavailableError } from "../../lib/errors.ts";
import { type Host, request, withRetries } from "../../lib/service-client.ts";
import { Preferences, Schema } from "./manifest.ts";
import { SyncError } from "./sync-error.ts";

const ANSWER_WITHIN_MS = 20_000;
const PAGE = 50;
/** The `origin` of workflows that a sync created. */
const CODE_FIRST = "external";

const Page = z.object({
  data: z.object({
    workflows: z.array(z.object({ workflowId: z.string(), origin: z.string() })),
    totalCount: z.number(),
  }),
});

const Step = z
  .object({
    stepId: z.string(),
    type: z.string(),
    controls: z.object({ dataSchema: Schema.nullish(), values: z.record(z.string(), z.unknown()).nullish() }).nullish(),
    controlValues: z.record(z.string(), z.unknown()).nullish(),
  })
  .transform(({ stepId, type, controls, controlValues }) => ({
    stepId,
    type,
    controlSchema: controls?.dataSchema ?? null,
    /** The values that were set in Novu's dashboard. */
    values: { ...controls?.values, ...controlValues },
  }));

const NovusWorkflow = z.object({
  workflowId: z.string(),
  name: z.string(),
  description: z.string().nullish(),
  tags: z.array(z.string()).nullish(),
  severity: z.string().nullish(),
  /** The preferences from the code. Novu returns those from its dashboard in another field, `user`. */
  preferences: z
    .object({ default: Preferences.nullish() })
    .nullish()
    .catch(null)
    .transform((preferences) => preferences?.default ?? null),
  /** Null if Novu does not return it. */
  payloadSchema: Schema.nullish(),
  steps: z.array(Step),
});
type NovusWorkflow = z.infer<typeof NovusWorkflow>;

/** A workflow of Novu or of a bridge; missing fields are unknown. */
export interface NovuWorkflow extends Omit<NovusWorkflow, "preferences" | "steps"> {
  preferences?: Preferences | null | undefined;
  /** `resultSchema` of a custom step is not in Novu's API. */
  steps: Array<NovusWorkflow["steps"][number] & { resultSchema?: Schema | undefined }>;
}

export interface NovuHas {
  /** The workflows that a sync created. */
  workflows: NovuWorkflow[];
  /** The number of workflows made in the dashboard; a sync does not change them. */
  others: number;
}

/**
 * Reads the workflows of a Novu environment. Retries after a 429, a 5xx and a missing answer.
 * Sources: https://docs.novu.co/api-reference/workflows/list-all-workflows,
 * https://docs.novu.co/api-reference/workflows/retrieve-a-workflow
 */
export async function readNovuWorkflows(
  { apiUrl, secretKey }: { apiUrl: string; secretKey: string },
  sleep: Sleep,
): Promise<NovuHas> {
  const headers = { authorization: `ApiKey ${secretKey}` };
  const service: Host = { name: "Novu", host: apiUrl, headers, redirect: "manual" };
  const listed: Array<{ workflowId: string; origin: string }> = [];
  for (;;) {
    const { data } = await ask(`/v2/workflows?limit=${PAGE}&offset=${listed.length}`, Page);
    listed.push(...data.workflows);
    if (data.workflows.length === 0 || listed.length >= data.totalCount) break;
  }
  const own = listed.filter(({ origin }) => origin === CODE_FIRST);
  const workflows: NovuWorkflow[] = [];
  for (const { workflowId } of own) {
    const { data } = await ask(`/v2/workflows/${encodeURIComponent(workflowId)}`, z.object({ data: NovusWorkflow }));
    workflows.push(data);
  }
  return { workflows, others: listed.length - own.length };

  async function ask<Answer extends z.ZodType>(path: string, answer: Answer): Promise<z.output<Answer>> {
    const json = await withRetries(() => send(path), { sleep }).catch((error: unknown) => {
      if (error instanceof SyncError) throw error;
      throw new SyncError("novu", "Novu does not answer now; try again later", { cause: error });
    });
    const read = answer.safeParse(json);
    if (read.success) return read.data;
    throw new SyncError("novu", `Novu's answer to ${path} cannot be read; is NOVU_API_URL the address of Novu's API?`);
  }

  async function send(path: string): Promise<unknown> {
    const { status, json } = await request(service, { path, withinMs: ANSWER_WITHIN_MS });
    if (status === 200) return json;
    if (status >= 500) throw new UnavailableError(`Novu answered ${status}`, { answered: true });
    throw refusal(status, { apiUrl, path });
  }
}

/** The error for a status that a retry does not change. */
export function refusal(status: number, { apiUrl, path }: { apiUrl: string; path: string }): SyncError {
  if (status === 401 || status === 403)
    return new SyncError(
      "secret key",
      `Novu at ${apiUrl} answered ${status}: is NOVU_SECRET_KEY the secret key of the environment, and NOVU_API_URL its region?`,
    );
  return new SyncError(
    "novu",
    `Novu at ${apiUrl} answered ${status} to ${path}; is NOVU_API_URL the address of Novu's API?`,
  );
}
