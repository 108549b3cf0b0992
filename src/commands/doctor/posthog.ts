import { z } from "zod";
import type { Config, PostHogConfig } from "../../config.ts";
import type { WorkflowRoutes } from "../../contracts/workflow.ts";
import { describeError } from "../../lib/errors.ts";
import { createReadCohort } from "../../sources/posthog/cohorts.ts";
import { ask } from "../ask.ts";
import { findDestinations, ownOf } from "../connect/destination.ts";
import { differenceOf, isStopped } from "../connect/diff.ts";
import { CLOUDS, createPostHogApi, homeOf, isIngestion, readKey } from "../posthog-api.ts";
import { type Check, type Finding, ok, trouble, warning } from "./check.ts";

const Persons = z.object({ results: z.record(z.string(), z.unknown()) });
const COHORT_WITHIN_MS = 10_000;
/** No person has this id. */
const UNUSED_ID = "posthog-novu-bridge-doctor";

/** Checks both hosts, the token, the key and its scopes, and the destination with the events of the workflows. */
export function postHogChecks(
  { posthog, publicUrl }: Config & { posthog: PostHogConfig },
  { events, workflows }: { events: string[]; workflows: WorkflowRoutes[] },
): Check[] {
  const api = createPostHogApi(posthog);
  const startsOnCohort = workflows.some(({ cohorts }) => cohorts.length > 0);
  const isSwept = startsOnCohort || workflows.some(({ absences }) => absences.length > 0);
  return [
    { what: "PostHog events", look: takesEvents },
    { what: "PostHog key", look: key },
    { what: "PostHog persons", look: persons },
    ...(startsOnCohort ? [{ what: "PostHog cohorts", look: cohorts }] : []),
    { what: "PostHog destination", look: destination },
  ];

  async function takesEvents(): Promise<Finding | Finding[]> {
    const regions = [posthog.host, posthog.apiHost].map((host) => /\b(us|eu)(\.i)?\.posthog\.com$/.exec(host)?.[1]);
    if (regions[0] !== regions[1])
      return trouble(`POSTHOG_HOST ${posthog.host} and POSTHOG_API_HOST ${posthog.apiHost} are of different regions`);
    // A request for flags uses the same token and host as an event, and changes nothing.
    const unreachable = `POSTHOG_HOST ${posthog.host} does not answer; is it the host that receives events?`;
    const { status } = await ask(
      { host: posthog.host, unreachable },
      {
        method: "POST",
        path: "/flags/?v=2",
        body: { api_key: posthog.projectToken, distinct_id: UNUSED_ID },
      },
    );
    if (status >= 200 && status < 300) return ok(`${posthog.host} accepts the project token`);
    if (status === 401)
      return trouble(`${posthog.host} does not accept POSTHOG_PROJECT_TOKEN; is it a token (phc_…) of this region?`);
    return trouble(`POSTHOG_HOST ${posthog.host} answered ${status}; is it the host that receives events?`);
  }

  async function key(): Promise<Finding | Finding[]> {
    const { apiHost, personalApiKey, projectId } = posthog;
    if (isIngestion(apiHost))
      return trouble(`POSTHOG_API_HOST ${apiHost} receives events; it has to be the host where you log in`);
    const found = await readKey(posthog);
    if (found === null) {
      const home = await homeOf({ apiHost, personalApiKey, clouds: CLOUDS });
      const way =
        home === null
          ? "is the key of this region, and does it still exist?"
          : `it belongs to ${home.name}: set POSTHOG_API_HOST=${home.apiHost} and POSTHOG_HOST=${home.host}`;
      return trouble(`${apiHost} does not accept POSTHOG_PERSONAL_API_KEY; ${way}`);
    }
    if (found === undefined) return warning(`${apiHost} does not show the scopes of the key; other checks test some`);
    const teams = found.scoped_teams ?? [];
    if (teams.length > 0 && !teams.map(String).includes(projectId))
      return trouble(`POSTHOG_PERSONAL_API_KEY is for other projects than POSTHOG_PROJECT_ID ${projectId}`);
    const scopes = found.scopes ?? ["*"];
    const lacks = (scope: string) =>
      !["*", scope, scope.replace(":read", ":write")].some((one) => scopes.includes(one));
    const needed = [
      "person:read",
      ...(isSwept ? ["query:read"] : []),
      ...(startsOnCohort ? ["cohort:read"] : []),
    ].filter(lacks);
    const useful = ["hog_function:write", ...(isSwept ? [] : ["query:read"])].filter(lacks);
    return [
      needed.length > 0
        ? trouble(
            `the key lacks the scope ${needed.join(", ")}: edit the key in your PostHog account, Personal API keys`,
          )
        : ok(`the key has ${scopes.includes("*") ? "every scope" : scopes.join(", ")}`),
      ...useful.map((scope) =>
        warning(
          `the key lacks ${scope}, for npm run ${scope === "query:read" ? "reconcile" : "connect"}; another key may have it`,
        ),
      ),
    ];
  }

  async function persons(): Promise<Finding | Finding[]> {
    const path = "persons/batch_by_distinct_ids/";
    await api({ method: "POST", path, body: { distinct_ids: [UNUSED_ID] }, answer: Persons, scope: "person:read" });
    return ok(`persons of project ${posthog.projectId} can be read`);
  }

  async function cohorts(): Promise<Finding[]> {
    const readCohort = createReadCohort(posthog);
    const wanted = workflows.flatMap(({ id, cohorts }) =>
      cohorts.map((cohort) => ({ workflow: id, cohort: cohort.id })),
    );
    return Promise.all(
      wanted.map(({ workflow, cohort }) =>
        readCohort(cohort, AbortSignal.timeout(COHORT_WITHIN_MS)).then(
          ({ count }) => ok(`${workflow}: cohort ${cohort} has ${count ?? "an unknown number of"} persons`),
          (error) => trouble(`${workflow}: ${describeError(error)}`),
        ),
      ),
    );
  }

  async function destination(): Promise<Finding | Finding[]> {
    const url = `${publicUrl}/webhooks/posthog`;
    const found = await findDestinations(api, url).catch((error: unknown) => describeError(error));
    if (typeof found === "string")
      return [found.includes("answered 403") ? warning(`cannot be checked: ${found}`) : trouble(found)];
    const there = ownOf(found, url);
    if (there === null) return trouble(`no destination sends to ${url}: npm run connect creates it`);
    const { changes, notes } = differenceOf(there, {
      ...{ url, events, prune: false, newSecret: false },
      secrets: posthog.webhookSecrets,
      fresh: { signing: "", header: "" },
    });
    const isOff = !there.enabled || isStopped(there);
    const states = isOff ? "" : `enabled, for ${events.length} events; `;
    return [
      changes.length === 0
        ? ok(`enabled, with all ${events.length} events of the workflows`)
        : trouble(`${states}npm run connect would change: ${changes.join("; ")}`),
      ...notes.map(warning),
    ];
  }
}
