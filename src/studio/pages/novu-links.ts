import { isChannel } from "../../contracts/channel.ts";
import type { RunRecord } from "../../contracts/history.ts";
import type { SandboxStep } from "../../contracts/sandbox.ts";
import type { ChainLink } from "../../explain/explanation.ts";
import { durationInWords, SECOND_MS } from "../../lib/durations.ts";
import type { StepFacts } from "../facts.ts";

/**
 * The steps of a run at the local Novu, each wait as one. For a message step, only the facts that its decision does not
 * have.
 */
export function novuLinks(
  jobs: SandboxStep[],
  { workflow, enteredAt }: Pick<RunRecord, "workflow" | "enteredAt">,
  steps: StepFacts[],
): ChainLink[] {
  let startedAt = enteredAt;
  return waitsIn(jobs, steps).flatMap((wait) => {
    const links = wait.type === "delay" ? linksOfWait(wait, startedAt) : wait.parts.flatMap(linksOf);
    startedAt = Math.max(startedAt ?? 0, ...wait.parts.map(({ changedAt }) => changedAt ?? 0));
    return links.map((link) => ({ ...link, workflow }));
  });
}

/** A step, or all delay steps of one wait. */
interface Wait {
  id: string;
  type: string;
  parts: Array<SandboxStep & { waitMs: number | null }>;
}

export function waitsIn(jobs: SandboxStep[], steps: StepFacts[]): Wait[] {
  const waits: Wait[] = [];
  for (const job of jobs) {
    const facts = steps.find(({ step }) => step === job.stepId);
    const part = { ...job, waitMs: facts?.waitMs ?? null };
    const id = facts?.wait ?? job.stepId;
    const last = waits.at(-1);
    if (last?.id === id) last.parts.push(part);
    else waits.push({ id, type: job.type, parts: [part] });
  }
  return waits;
}

/** A wait as one step: its state is that of the first part that is not over, or else of the last. */
export function asOneStep({ id, parts }: Wait): SandboxStep[] {
  const part = parts.find(({ status }) => status !== "completed" && status !== "skipped") ?? parts.at(-1);
  return part === undefined ? [] : [{ ...part, stepId: id, wakesAt: isWaiting(part) ? endOfParts(parts) : null }];
}

function isWaiting({ status, wakesAt }: SandboxStep): boolean {
  return status === "delayed" && wakesAt !== null;
}

/** The end of a wait in progress; null if the length of a later part is not known. */
function endOfParts(parts: Wait["parts"]): number | null {
  const at = parts.findIndex(isWaiting);
  return parts
    .slice(at + 1)
    .reduce<number | null>(
      (sum, { waitMs }) => (sum === null || waitMs === null ? null : sum + waitMs),
      parts[at]?.wakesAt ?? null,
    );
}

type Link = Omit<ChainLink, "workflow">;

function linksOfWait({ id, parts }: Wait, startedAt: number | null): Link[] {
  const failed = parts.find(({ status }) => status === "failed");
  if (failed !== undefined) return linksOf(failed);
  const waiting = parts.find(isWaiting);
  if (waiting !== undefined) {
    const from = startedAt ?? waiting.changedAt ?? 0;
    const until = endOfParts(parts);
    return until === null
      ? [link(id, from, "quiet", "waits", `Novu waits at ${id}.`)]
      : [
          link(id, from, "quiet", "waits", `Novu waits at ${id} for ${durationInWords(until - from)}.`),
          link(id, until, "info", "continues", `Novu continues after ${id}.`),
        ];
  }
  const ended = parts.flatMap(({ changedAt }) => changedAt ?? []);
  if (ended.length < parts.length) return [];
  const end = Math.max(...ended);
  const ms = end - (startedAt ?? end);
  const words = ms < SECOND_MS ? "" : ` after ${durationInWords(ms)}`;
  if (parts.some(({ status }) => status === "canceled"))
    return [link(id, end, "quiet", "canceled", `Novu canceled the wait ${id}${words}.`)];
  if (ms < SECOND_MS) return [];
  const waited = link(id, end, "quiet", "waited", `Novu waited at ${id} for ${durationInWords(ms)}.`);
  return [{ ...waited, kind: "step done" }];
}

function linksOf({ stepId, type, status, error, wakesAt, changedAt }: SandboxStep): Link[] {
  if (changedAt === null) return [];
  if (status === "delayed" && wakesAt !== null)
    return [
      link(
        ...([stepId, changedAt, "quiet", "waits"] as const),
        `Novu waits at ${stepId} for ${durationInWords(wakesAt - changedAt)}.`,
      ),
      link(stepId, wakesAt, "info", "continues", `Novu continues after ${stepId}.`),
    ];
  if (status === "failed")
    return [link(stepId, changedAt, "bad", "failed at Novu", `${stepId} failed: ${error ?? "no reason is known"}`)];
  if (status === "merged")
    return [link(stepId, changedAt, "quiet", "merged", `${stepId} was merged into the digest of another run.`)];
  if (isChannel(type)) return [];
  // A completed step comes before other facts of the same time, because they follow from it.
  if (status === "completed")
    return [{ ...link(stepId, changedAt, "quiet", type, `Novu completed ${stepId}.`), kind: "step done" }];
  if (status === "skipped" || status === "canceled")
    return [link(stepId, changedAt, "quiet", status, `Novu ${status} ${stepId}.`)];
  return [];
}

function link(step: string, at: number, tone: ChainLink["tone"], label: string, sentence: string): Link {
  return {
    at: new Date(at).toISOString(),
    kind: "step",
    ...{ tone, label, sentence, step },
    ...{ value: null, note: null, runRef: null },
  };
}
