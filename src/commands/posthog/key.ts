import { z } from "zod";
import { parseJson } from "../../lib/json.ts";

const ANSWER_WITHIN_MS = 5_000;

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
export type PersonalApiKey = z.infer<typeof Key>;

/** The scopes of a key; null if PostHog does not know the key, undefined if it does not answer with scopes. Rejects without an answer. */
export async function readKey({
  apiHost,
  personalApiKey,
}: {
  apiHost: string;
  personalApiKey: string;
}): Promise<PersonalApiKey | null | undefined> {
  const response = await fetch(`${apiHost}/api/personal_api_keys/@current/`, {
    headers: { authorization: `Bearer ${personalApiKey}` },
    redirect: "manual",
    signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
  });
  const text = await response.text();
  if (response.status === 401) return null;
  return response.ok ? Key.safeParse(parseJson(text)).data : undefined;
}

/**
 * The other region of PostHog Cloud that knows this key; null without one. A key of a self-hosted PostHog is
 * not sent to PostHog Cloud.
 */
export async function homeOf({
  apiHost,
  personalApiKey,
  clouds,
}: {
  apiHost: string;
  personalApiKey: string;
  clouds: Cloud[];
}): Promise<Cloud | null> {
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
