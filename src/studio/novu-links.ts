import type { SandboxStep } from "../contracts/sandbox.ts";
import type { ChainLink } from "../explain/explanation.ts";
import { formatDuration } from "../lib/format-duration.ts";

const CHANNELS = ["email", "in_app", "sms", "push", "chat"];

/** What the local Novu did with the steps of a run; of a message only what no decision tells. */
export function novuLinks(jobs: SandboxStep[], { workflow }: { workflow: string }): ChainLink[] {
  return jobs.flatMap((job) => told(job).map((one) => ({ ...one, workflow })));
}

function told({ stepId, type, status, error, wakesAt, changedAt }: SandboxStep): Array<Omit<ChainLink, "workflow">> {
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
      link(changedAt, "quiet", "waits", `Novu began to wait at ${stepId}, for ${formatDuration(wakesAt - changedAt)}`),
      link(wakesAt, "info", "wakes", `Novu goes on from ${stepId}`),
    ];
  if (status === "failed")
    return [link(changedAt, "bad", "failed at Novu", `${stepId} failed: ${error ?? "no cause"}`)];
  if (status === "merged")
    return [link(changedAt, "quiet", "merged", `${stepId} was taken in by another run’s digest`)];
  if (CHANNELS.includes(type)) return [];
  // What comes after it at the same moment came because of it.
  if (status === "completed")
    return [{ ...link(changedAt, "quiet", type, `Novu was done with ${stepId}`), kind: "step done" as const }];
  if (status === "skipped" || status === "canceled")
    return [link(changedAt, "quiet", status, `Novu ${status} ${stepId}`)];
  return [];
}
