import { isChannel } from "../contracts/channel.ts";
import type { SandboxStep } from "../contracts/sandbox.ts";
import type { ChainLink } from "../explain/explanation.ts";
import { formatDuration } from "../lib/durations.ts";

/** The steps of a run at the local Novu. For a message step, only the facts that its decision does not have. */
export function novuLinks(jobs: SandboxStep[], { workflow }: { workflow: string }): ChainLink[] {
  return jobs.flatMap((job) => linksOf(job).map((one) => ({ ...one, workflow })));
}

function linksOf({ stepId, type, status, error, wakesAt, changedAt }: SandboxStep): Array<Omit<ChainLink, "workflow">> {
  if (changedAt === null) return [];
  const link = (at: number, tone: ChainLink["tone"], label: string, sentence: string) => ({
    at: new Date(at).toISOString(),
    kind: "step" as const,
    tone,
    label,
    sentence,
    value: null,
    note: null,
    step: stepId,
    runRef: null,
  });
  if (status === "delayed" && wakesAt !== null)
    return [
      link(
        changedAt,
        "quiet",
        "waits",
        `Novu started to wait at ${stepId}, for ${formatDuration(wakesAt - changedAt)}`,
      ),
      link(wakesAt, "info", "continues", `Novu continues after ${stepId}`),
    ];
  if (status === "failed")
    return [link(changedAt, "bad", "failed at Novu", `${stepId} failed: ${error ?? "no reason is known"}`)];
  if (status === "merged")
    return [link(changedAt, "quiet", "merged", `${stepId} was merged into the digest of another run`)];
  if (isChannel(type)) return [];
  // It comes before the facts of the same time, because they follow from it.
  if (status === "completed")
    return [{ ...link(changedAt, "quiet", type, `Novu completed ${stepId}`), kind: "step done" as const }];
  if (status === "skipped" || status === "canceled")
    return [link(changedAt, "quiet", status, `Novu ${status} ${stepId}`)];
  return [];
}
