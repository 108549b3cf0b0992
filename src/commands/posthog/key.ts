import { z } from "zod";
import type { PostHogAccess } from "../../sources/posthog/client.ts";
import { ask } from "../ask.ts";

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
type PersonalApiKey = z.infer<typeof Key>;
type KeyAt = Pick<PostHogAccess, "apiHost" | "personalApiKey">;

/** The scopes of a key; null if PostHog does not know the key, undefined if it does not answer with scopes. Rejects without an answer. */
export async function readKey({ apiHost, personalApiKey }: KeyAt): Promise<PersonalApiKey | null | undefined> {
  const { status, json } = await ask(
    {
      host: apiHost,
      headers: { authorization: `Bearer ${personalApiKey}` },
      unreachable: `POSTHOG_API_HOST ${apiHost} does not answer; is it the host where you log in?`,
    },
    { path: "/api/personal_api_keys/@current/", withinMs: ANSWER_WITHIN_MS },
  );
  if (status === 401) return null;
  return status >= 200 && status < 300 ? Key.safeParse(json).data : undefined;
}

/**
 * The other region of PostHog Cloud that knows this key; null without one. A key of a self-hosted PostHog is
 * not sent to PostHog Cloud.
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
