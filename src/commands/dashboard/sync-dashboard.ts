import { createHash } from "node:crypto";
import { z } from "zod";
import type { PostHogApi } from "../posthog-api.ts";
import type { WantedInsight } from "./insights.ts";

const DASHBOARD = {
  id: "dashboard",
  name: "Lifecycle messages",
  description:
    "Results of messages, and why some were not sent. Created by npm run dashboard, which finds it by this line:",
};
const MARKER = /\[posthog-novu-bridge (\S+) ([0-9a-f]{12})\]/;
const PAGE = 100;
/** In characters. PostHog allows 400, including the marker. */
const LONGEST_DESCRIPTION = 300;

/** `as it is` means no change. */
export type Step = { what: string; name: string; does: "create" | "update" | "delete" | "as it is" };

const Described = z.object({ id: z.number(), name: z.string().nullish(), description: z.string().nullish() });
const Listed = z.object({
  results: z.array(Described.extend({ deleted: z.boolean().nullish() })),
  next: z.string().nullish(),
});
const WithTiles = z.object({ tiles: z.array(z.object({ insight: Described.nullish() })) });
const Made = z.object({ id: z.number() });
const DASHBOARDS = "dashboard:write";
const INSIGHTS = "insight:write";

/**
 * Creates or updates the dashboard with these charts, and calls `onStep` before each step. A marker in the description
 * identifies our charts and has a hash of the chart in the code. A chart is updated only if this hash has changed, so
 * until then manual changes at PostHog stay. Safe to repeat after any failure. Returns the dashboard's id; null if the
 * dashboard does not exist yet and `dryRun` is set.
 */
export async function syncDashboard({
  api,
  insights,
  dryRun,
  onStep,
}: {
  api: PostHogApi;
  insights: WantedInsight[];
  dryRun: boolean;
  onStep(step: Step): void;
}): Promise<number | null> {
  const id = await dashboard();
  const there = id === null ? [] : await ownInsights(id);
  for (const insight of insights) await update(insight, id, there);
  for (const one of there.filter(({ mark }) => !insights.some((insight) => insight.id === mark?.id))) await remove(one);
  return id;

  async function dashboard(): Promise<number | null> {
    const [own] = oursOf(await allDashboards()).filter(({ mark }) => mark?.id === DASHBOARD.id);
    const body = { name: DASHBOARD.name, description: descriptionOf(DASHBOARD) };
    const does = own === undefined ? "create" : own.mark?.made === madeAs(DASHBOARD) ? "as it is" : "update";
    onStep({ what: DASHBOARD.id, name: DASHBOARD.name, does });
    if (does === "as it is" || dryRun) return own?.id ?? null;
    const path = own === undefined ? "dashboards/" : `dashboards/${own.id}/`;
    const method = own === undefined ? "POST" : "PATCH";
    return (await api({ method, path, body, answer: Made, scope: DASHBOARDS })).id;
  }

  async function allDashboards() {
    const found: z.infer<typeof Listed>["results"] = [];
    for (let offset = 0; ; offset += PAGE) {
      const path = `dashboards/?limit=${PAGE}&offset=${offset}`;
      const page = await api({ path, answer: Listed, scope: DASHBOARDS });
      found.push(...page.results.filter(({ deleted }) => deleted !== true));
      if (page.next == null) return found;
    }
  }

  async function ownInsights(dashboardId: number) {
    const { tiles } = await api({ path: `dashboards/${dashboardId}/`, answer: WithTiles, scope: DASHBOARDS });
    return oursOf(tiles.flatMap(({ insight }) => insight ?? []));
  }

  async function update(insight: WantedInsight, dashboardId: number | null, there: Marked[]): Promise<void> {
    const own = there.find(({ mark }) => mark?.id === insight.id);
    const does = own === undefined ? "create" : own.mark?.made === madeAs(insight) ? "as it is" : "update";
    onStep({ what: insight.id, name: insight.name, does });
    if (does === "as it is" || dryRun) return;
    const { name, query } = insight;
    const body = { name, description: descriptionOf(insight), query };
    if (own !== undefined)
      await api({ method: "PATCH", path: `insights/${own.id}/`, body, answer: Made, scope: INSIGHTS });
    else
      await api({
        method: "POST",
        path: "insights/",
        body: { ...body, dashboards: [dashboardId], saved: true },
        answer: Made,
        scope: INSIGHTS,
      });
  }

  /** PostHog can restore a chart that was deleted by `deleted: true`. */
  async function remove({ id, name, mark }: Marked): Promise<void> {
    onStep({ what: mark?.id ?? "", name: name ?? "", does: "delete" });
    if (dryRun) return;
    await api({ method: "PATCH", path: `insights/${id}/`, body: { deleted: true }, answer: Made, scope: INSIGHTS });
  }
}

type Marked = ReturnType<typeof marked>;

/** The items with our marker. The oldest is first, because a copy made at PostHog has the marker too. */
function oursOf(all: Array<z.infer<typeof Described>>) {
  return all
    .map(marked)
    .filter(({ mark }) => mark !== null)
    .sort((one, other) => one.id - other.id);
}

function marked(one: z.infer<typeof Described>) {
  const [, id, made] = MARKER.exec(one.description ?? "") ?? [];
  return { ...one, mark: id === undefined ? null : { id, made } };
}

function descriptionOf(one: { id: string; name: string; description: string; query?: object }): string {
  return `${one.description.slice(0, LONGEST_DESCRIPTION)} [posthog-novu-bridge ${one.id} ${madeAs(one)}]`;
}

/** A hash of our definition. It is compared instead of the query at PostHog, because PostHog adds fields to that. */
function madeAs({ id, name, description, query }: { id: string; name: string; description: string; query?: object }) {
  return createHash("sha256")
    .update(JSON.stringify([id, name, description, query]))
    .digest("hex")
    .slice(0, 12);
}
