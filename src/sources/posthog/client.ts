import { z } from "zod";
import { type Call, createRequest, readResponse, type Service } from "../../lib/service-client.ts";

/** Access to one project by a personal API key. */
export interface PostHogAccess {
  /** The private API, such as https://us.posthog.com; not the host that takes events. */
  apiHost: string;
  projectId: string;
  personalApiKey: string;
}

interface ProjectCall<Schema extends z.ZodType> extends Call {
  answer: Schema;
  /** The end of the error message after an answer that does not fit `answer`. It must contain no personal data. */
  unreadable(error: z.ZodError): string;
  /** The scope that the personal API key needs for the call. */
  scope: string;
  /** The end of the error message for a 404, if the path names an object of the project. */
  notFound?: string;
  /** Statuses besides 429 after which the same call may succeed soon. */
  retryLaterOn?: readonly number[];
}

/** Calls PostHog's private API, with paths inside the project, such as "/query/". Errors: src/lib/service-client.ts. */
export function createPostHogClient({ apiHost, projectId, personalApiKey }: PostHogAccess) {
  const request = createRequest();
  return async <Schema extends z.ZodType>({
    scope,
    notFound,
    retryLaterOn = [],
    ...call
  }: ProjectCall<Schema>): Promise<z.output<Schema>> => {
    const service: Service = {
      name: "PostHog",
      host: apiHost,
      headers: { authorization: `Bearer ${personalApiKey}` },
      retryLaterOn: [429, ...retryLaterOn],
      hintOf: (status, json) =>
        (status === 404 ? notFound : undefined) ?? hintOf(status, scope) ?? detailOf(status, json),
    };
    const path = `/api/projects/${encodeURIComponent(projectId)}${call.path}`;
    return readResponse(service, await request(service, { ...call, path }), call);
  };
}

function hintOf(status: number, scope: string): string | undefined {
  if (status === 401) return "; is POSTHOG_PERSONAL_API_KEY a personal key (phx_…) of this region?";
  if (status === 403)
    return `; does POSTHOG_PERSONAL_API_KEY have the scope ${scope}, and its owner access to the project?`;
  if (status === 404) return "; is POSTHOG_PROJECT_ID a project at POSTHOG_API_HOST?";
  return undefined;
}

/** PostHog's reason why it refuses a call, such as a query that is too slow. */
function detailOf(status: number, json: unknown): string {
  const refusal = z.object({ detail: z.string() }).safeParse(json);
  return status === 400 && refusal.success ? `: ${refusal.data.detail}` : "";
}
