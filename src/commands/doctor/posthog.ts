import { z } from "zod";
import type { Config, PostHogConfig } from "../../config.ts";
import { describeError } from "../../lib/errors.ts";
import { findDestinations, ownOf } from "../connect/destination.ts";
import { differenceOf, isStopped } from "../connect/diff.ts";
import { createPostHogApi } from "../posthog/api.ts";
import { CLOUDS, homeOf, isIngestion, readKey } from "../posthog/key.ts";
import { type Check, type Finding, ok, trouble, warning } from "./check.ts";

const ANSWER_WITHIN_MS = 8_000;
const Persons = z.object({ results: z.record(z.string(), z.unknown()) });
/** Nobody has it. */
const NOBODY = "posthog-novu-bridge-doctor";

/** Both hosts, the token, the key with its scopes, and the destination against what the workflows listen to. */
export function postHogChecks(
  { posthog, publicUrl }: Config & { posthog: PostHogConfig },
  { events, asksAbsences }: { events: string[]; asksAbsences: boolean },
): Check[] {
  const api = createPostHogApi(posthog);
  return [
    { what: "PostHog events", look: takesEvents },
    { what: "PostHog key", look: key },
    { what: "PostHog persons", look: persons },
    { what: "PostHog destination", look: destination },
  ];

  async function takesEvents(): Promise<Finding[]> {
    const regions = [posthog.host, posthog.apiHost].map((host) => /\b(us|eu)(\.i)?\.posthog\.com$/.exec(host)?.[1]);
    if (regions[0] !== regions[1])
      return [trouble(`POSTHOG_HOST ${posthog.host} and POSTHOG_API_HOST ${posthog.apiHost} are not of one region`)];
    // Flags are asked by the same token at the same host, and change nothing.
    const response = await fetch(`${posthog.host}/flags/?v=2`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ api_key: posthog.projectToken, distinct_id: NOBODY }),
      redirect: "manual",
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    }).catch((error: unknown) => {
      throw new Error(`POSTHOG_HOST ${posthog.host} does not answer; is it where events go in?`, { cause: error });
    });
    await response.body?.cancel();
    if (response.ok) return [ok(`${posthog.host} takes the project token`)];
    if (response.status === 401)
      return [
        trouble(`${posthog.host} knows no project by POSTHOG_PROJECT_TOKEN; is it a token (phc_…) of this region?`),
      ];
    return [trouble(`POSTHOG_HOST ${posthog.host} answered ${response.status}; is it where events go in?`)];
  }

  async function key(): Promise<Finding[]> {
    const { apiHost, personalApiKey, projectId } = posthog;
    if (isIngestion(apiHost))
      return [trouble(`POSTHOG_API_HOST ${apiHost} is where events go in, and not where you log in`)];
    const found = await readKey(posthog).catch((error: unknown) => {
      throw new Error(`POSTHOG_API_HOST ${apiHost} does not answer; is it where you log in?`, { cause: error });
    });
    if (found === null) {
      const home = await homeOf({ apiHost, personalApiKey, clouds: CLOUDS });
      const way =
        home === null
          ? "is it of this region, and still there?"
          : `it is of ${home.name}: set POSTHOG_API_HOST=${home.apiHost} and POSTHOG_HOST=${home.host}`;
      return [trouble(`${apiHost} does not know POSTHOG_PERSONAL_API_KEY; ${way}`)];
    }
    if (found === undefined)
      return [warning(`${apiHost} does not say which scopes the key has; the other lines show some`)];
    const teams = found.scoped_teams ?? [];
    if (teams.length > 0 && !teams.map(String).includes(projectId))
      return [trouble(`POSTHOG_PERSONAL_API_KEY is for other projects than POSTHOG_PROJECT_ID ${projectId}`)];
    const scopes = found.scopes ?? ["*"];
    const lacks = (scope: string) =>
      !["*", scope, scope.replace(":read", ":write")].some((one) => scopes.includes(one));
    const needed = ["person:read", ...(asksAbsences ? ["query:read"] : [])].filter(lacks);
    const useful = ["hog_function:write", ...(asksAbsences ? [] : ["query:read"])].filter(lacks);
    return [
      needed.length > 0
        ? trouble(`the key lacks the scope ${needed.join(", ")}: edit it in your PostHog account, Personal API keys`)
        : ok(`it has ${scopes.includes("*") ? "every scope" : scopes.join(", ")}`),
      ...useful.map((scope) =>
        warning(
          `the key lacks ${scope}, for npm run ${scope === "query:read" ? "reconcile" : "connect"}; another key may have it`,
        ),
      ),
    ];
  }

  async function persons(): Promise<Finding[]> {
    const path = "persons/batch_by_distinct_ids/";
    await api({ method: "POST", path, body: { distinct_ids: [NOBODY] }, answer: Persons, scope: "person:read" });
    return [ok(`those of project ${posthog.projectId} can be read`)];
  }

  async function destination(): Promise<Finding[]> {
    const url = `${publicUrl}/webhooks/posthog`;
    const found = await findDestinations(api, url).catch((error: unknown) => describeError(error));
    if (typeof found === "string")
      return [found.includes("answered 403") ? warning(`cannot be looked at: ${found}`) : trouble(found)];
    const there = ownOf(found, url);
    if (there === null) return [trouble(`none leads to ${url}: npm run connect makes it`)];
    const { changes, notes } = differenceOf(there, {
      ...{ url, events, prune: false, newSecret: false },
      secrets: posthog.webhookSecrets,
      fresh: { signing: "", header: "" },
    });
    const isOff = !there.enabled || isStopped(there);
    const states = isOff ? "" : `enabled, ${events.length} events are to come; `;
    return [
      changes.length === 0
        ? ok(`enabled, with all ${events.length} events of the workflows`)
        : trouble(`${states}npm run connect would change: ${changes.join("; ")}`),
      ...notes.map(warning),
    ];
  }
}
