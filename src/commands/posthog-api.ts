import { z } from "zod";
import type { Config, PostHogConfig } from "../config.ts";
import type { Sleep } from "../lib/clock.ts";
import { UnavailableError } from "../lib/errors.ts";
import { type Host, request, withRetries } from "../lib/service-client.ts";
import type { PostHogAccess } from "../sources/posthog/client.ts";
import { ask } from "./ask.ts";

const ANSWER_WITHIN_MS = 20_000;
const KEY_READ_WITHIN_MS = 5_000;

interface Call<Schema extends z.ZodType> {
  method?: "GET" | "POST" | "PATCH";
  /** The path within the project, such as "dashboards/". */
  path: string;
  body?: object;
  answer: Schema;
  /** The scope that the personal API key needs. */
  scope: string;
}

/** PostHog's private API. An error says what to do. Only a 429 is retried, after the pause that PostHog asks for. */
export type PostHogApi = <Schema extends z.ZodType>(call: Call<Schema>) => Promise<z.output<Schema>>;

export function createPostHogApi(
  { apiHost, projectId, personalApiKey }: PostHogAccess,
  { clouds = CLOUDS, sleep }: { clouds?: Cloud[]; sleep?: Sleep } = {},
): PostHogApi {
  const service: Host = {
    name: "PostHog",
    host: apiHost,
    headers: { authorization: `Bearer ${personalApiKey}` },
    redirect: "manual",
    unreachable: `PostHog at ${apiHost} does not answer; is POSTHOG_API_HOST where you log in?`,
  };
  const project = `/api/projects/${encodeURIComponent(projectId)}`;

  return async ({ method = "GET", path, body, answer, scope }) => {
    const { status, json } = await withRetries(() => send(method, path, body), { sleep });
    if (status >= 300)
      throw new Error(`PostHog answered ${status} to ${method} ${path}${await hint(status, scope, json)}`);
    const read = answer.safeParse(json);
    if (read.success) return read.data;
    throw new Error(`PostHog's answer to ${method} ${path} cannot be read; is POSTHOG_API_HOST where you log in?`);
  };

  /** A call without an answer is not retried, because it may have had its effect. */
  async function send(method: "GET" | "POST" | "PATCH", path: string, body: object | undefined) {
    try {
      return await request(service, { method, path: `${project}/${path}`, body, withinMs: ANSWER_WITHIN_MS });
    } catch (error) {
      throw error instanceof UnavailableError ? new Error(error.message, { cause: error.cause }) : error;
    }
  }

  async function hint(status: number, scope: string, json: unknown): Promise<string> {
    if (isIngestion(apiHost))
      return `; set POSTHOG_API_HOST to the host where you log in, ${apiHost.replace(".i.posthog", ".posthog")}, and not to the host that receives events`;
    if (status === 401) {
      const home = await homeOf({ apiHost, personalApiKey, clouds });
      if (home !== null)
        return `; POSTHOG_PERSONAL_API_KEY is a key of ${home.name}: set POSTHOG_API_HOST=${home.apiHost} and POSTHOG_HOST=${home.host}`;
      return "; is POSTHOG_PERSONAL_API_KEY a personal key (phx_…) of this region, and does it still exist?";
    }
    if (status === 403)
      return `; POSTHOG_PERSONAL_API_KEY needs the scope ${scope}, and its owner access to the project${detailOf(json)}`;
    if (status === 404) return `; is POSTHOG_PROJECT_ID a project at ${apiHost}?`;
    return detailOf(json);
  }
}

function detailOf(json: unknown): string {
  const detail = z.object({ detail: z.string() }).safeParse(json).data?.detail;
  return detail === undefined ? "" : `: ${detail}`;
}

/**
 * The PostHog part of the configuration. If PostHog is not configured, throws an error: `purpose` explains the command,
 * and `withSegment` the alternative for an app with Segment only.
 */
export function configuredPostHog(
  { posthog }: Pick<Config, "posthog">,
  { purpose, withSegment }: { purpose: string; withSegment: string },
): PostHogConfig {
  if (posthog !== null) return posthog;
  throw new Error(`${purpose}, and PostHog is not configured here (the settings POSTHOG_…). ${withSegment}`);
}

/** A region of PostHog Cloud: `apiHost` is where you log in, `host` receives events. */
export interface Cloud {
  name: string;
  apiHost: string;
  host: string;
}

export const CLOUDS: Cloud[] = [
  { name: "PostHog Cloud US", apiHost: "https://us.posthog.com", host: "https://us.i.posthog.com" },
  { name: "PostHog Cloud EU", apiHost: "https://eu.posthog.com", host: "https://eu.i.posthog.com" },
];

const Key = z.object({ scopes: z.array(z.string()).nullish(), scoped_teams: z.array(z.number()).nullish() });
type PersonalApiKey = z.infer<typeof Key>;
type KeyAt = Pick<PostHogAccess, "apiHost" | "personalApiKey">;

/**
 * The scopes of a key. Null if PostHog does not know the key; undefined if the answer has no scopes. Rejects if there
 * is no answer.
 */
export async function readKey({ apiHost, personalApiKey }: KeyAt): Promise<PersonalApiKey | null | undefined> {
  const { status, json } = await ask(
    {
      host: apiHost,
      headers: { authorization: `Bearer ${personalApiKey}` },
      unreachable: `POSTHOG_API_HOST ${apiHost} does not answer; is it the host where you log in?`,
    },
    { path: "/api/personal_api_keys/@current/", withinMs: KEY_READ_WITHIN_MS },
  );
  if (status === 401) return null;
  return status >= 200 && status < 300 ? Key.safeParse(json).data : undefined;
}

/**
 * The other region of PostHog Cloud that knows this key; null if no region does. A key of a self-hosted PostHog is not
 * sent to PostHog Cloud.
 */
export async function homeOf({ apiHost, personalApiKey, clouds }: KeyAt & { clouds: Cloud[] }): Promise<Cloud | null> {
  if (!clouds.some((cloud) => cloud.apiHost === apiHost)) return null;
  for (const cloud of clouds.filter((one) => one.apiHost !== apiHost)) {
    const key = await readKey({ apiHost: cloud.apiHost, personalApiKey }).catch(() => null);
    if (key != null) return cloud;
  }
  return null;
}

/** Whether the host receives events; such a host has no private API. */
export function isIngestion(host: string): boolean {
  return new URL(host).hostname.endsWith(".i.posthog.com");
}
