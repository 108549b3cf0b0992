import { z } from "zod";
import { parseJson } from "../../lib/json.ts";

const ANSWER_WITHIN_MS = 5_000;

/** A region of PostHog Cloud: where one logs in, and where events go in. */
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

/** What a key may do; null when it is none there, undefined when this PostHog does not say. Rejects when it does not answer. */
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
 * The other region of PostHog Cloud that knows this key; null when none does. A key of a PostHog of
 * one's own is shown to nobody else.
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

/** Whether it is where events go in, which has no API. */
export function isIngestion(host: string): boolean {
  return new URL(host).hostname.endsWith(".i.posthog.com");
}
