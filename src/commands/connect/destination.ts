import { z } from "zod";
import type { PostHogApi } from "../posthog-api.ts";
import { Destination, differenceOf, isStopped, type Wanted } from "./diff.ts";

const TEMPLATE = "template-webhook";
const NAME = "posthog-novu-bridge";
const PAGE = 100;
const READ = "hog_function:read";
const WRITE = "hog_function:write";

const Listed = z.object({
  results: z.array(z.object({ id: z.string(), template: z.object({ id: z.string().nullish() }).nullish() })),
  next: z.string().nullish(),
});
const Answered = z.object({ id: z.string() });

/** The result of the command; with --dry-run, the result that a real run would have. */
export interface Outcome {
  does: "create" | "update" | "disable" | "delete" | "as it is" | "nothing there";
  id: string | null;
  /** Sentences for people, without secrets. */
  changes: string[];
  notes: string[];
  /** A new secret, to print once, because PostHog does not show it again; null if none was made. */
  secret: string | null;
}

const NOTHING = { id: null, changes: [], notes: [], secret: null };

/**
 * The destinations at PostHog whose URL has the same path as `url`, on any host. PostHog's list has no URLs, so each
 * destination is read by its id.
 */
export async function findDestinations(api: PostHogApi, url: string): Promise<Destination[]> {
  const found: Destination[] = [];
  for (let offset = 0; ; offset += PAGE) {
    const path = `hog_functions/?type=destination&limit=${PAGE}&offset=${offset}`;
    const page = await api({ path, answer: Listed, scope: READ });
    for (const { id, template } of page.results) {
      if (template != null && !template.id?.startsWith(TEMPLATE)) continue;
      const one = await api({ path: `hog_functions/${id}/`, answer: Destination, scope: READ });
      if (pathOf(one.inputs.url?.value) === pathOf(url)) found.push(one);
    }
    if (page.next == null) return found;
  }
}

/**
 * The destination with exactly this URL, or else the only destination in `found`; null if `found` is empty. Throws if
 * several destinations are possible.
 */
export function ownOf(found: Destination[], url: string): Destination | null {
  const exact = found.filter(({ inputs }) => inputs.url?.value === url);
  const candidates = exact.length > 0 ? exact : found;
  if (candidates.length < 2) return candidates[0] ?? null;
  const names = candidates.map(({ name, id, inputs }) => `  ${name ?? ""} (${id}) to ${String(inputs.url?.value)}`);
  throw new Error(
    `PostHog has ${candidates.length} destinations for this bridge; delete all but one of them there, or set the URL of the right one to ${url}:\n${names.join("\n")}`,
  );
}

/** Creates or updates the destination. Safe to repeat after any failure. */
export async function connectDestination(api: PostHogApi, wanted: Wanted, dryRun: boolean): Promise<Outcome> {
  const there = ownOf(await findDestinations(api, wanted.url), wanted.url);
  const first = differenceOf(there, wanted);
  const does = there === null ? "create" : first.changes.length === 0 ? "as it is" : "update";
  const outcome = { does, id: there?.id ?? null, changes: first.changes, notes: first.notes } as const;
  if (does === "as it is" || dryRun) return { ...outcome, secret: null };

  const made = there === null ? await make(first.body) : await patch(there.id, first.body);
  // PostHog shows whether a destination can sign only after it exists, so a new destination may need a second call.
  const rest = differenceOf(made, { ...wanted, newSecret: false });
  const isMore = there === null && rest.changes.length > 0;
  const done = isMore ? await patch(made.id, rest.body) : made;
  if (isStopped(done))
    throw new Error(
      `PostHog left the destination ${done.id} disabled (state ${done.status?.state}); ask PostHog's support why`,
    );
  return {
    ...outcome,
    id: done.id,
    changes: isMore
      ? [...first.changes.filter((change) => !change.startsWith("signing")), ...rest.changes]
      : first.changes,
    notes: isMore ? rest.notes : first.notes,
    secret: isMore ? rest.made : first.made,
  };

  function make(body: object) {
    const fresh = { ...body, type: "destination", template_id: TEMPLATE, name: NAME };
    return api({ method: "POST", path: "hog_functions/", body: fresh, answer: Destination, scope: WRITE });
  }

  function patch(id: string, body: object) {
    return api({ method: "PATCH", path: `hog_functions/${id}/`, body, answer: Destination, scope: WRITE });
  }
}

/** Disables or deletes the destination, if there is one. */
export async function endDestination(
  api: PostHogApi,
  { url, does, dryRun }: { url: string; does: "disable" | "delete"; dryRun: boolean },
): Promise<Outcome> {
  const there = ownOf(await findDestinations(api, url), url);
  if (there === null) return { does: "nothing there", ...NOTHING };
  if (does === "disable" && !there.enabled) return { ...NOTHING, does: "as it is", id: there.id };
  // PostHog's answer to a deletion may lack the destination's fields, so only the id is read from it.
  const body = does === "disable" ? { enabled: false } : { deleted: true };
  if (!dryRun) await api({ method: "PATCH", path: `hog_functions/${there.id}/`, body, answer: Answered, scope: WRITE });
  return { ...NOTHING, does, id: there.id };
}

function pathOf(url: unknown): string | null {
  return typeof url === "string" && URL.canParse(url) ? new URL(url).pathname.replace(/\/+$/, "") : null;
}
