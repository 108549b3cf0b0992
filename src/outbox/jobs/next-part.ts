import { type NextPart, type WaitResult, waitName } from "../../contracts/event-wait.ts";
import type { NoteState, NovuMessageRecord } from "../../contracts/novu.ts";
import type { Start } from "../../contracts/routing.ts";
import { type EarlierParts, partId, partOf, type Run, type RunKey, withoutEventEmail } from "../../contracts/run.ts";
import { StoppingError } from "../../lib/errors.ts";
import type { Log } from "../../lib/log.ts";
import type { JobAttempt } from "../worker.ts";

export interface PartRuns {
  findOpen(transactionId: string): Promise<object | null>;
  findState(transactionId: string): Promise<string | null>;
  findExitSince(query: RunKey & { workflow: string; since: string }): Promise<string | null>;
  waitAgain(next: NextPart): Promise<void>;
  saveWait(wait: RunKey & { wait: string }, result: WaitResult): Promise<WaitResult>;
  beginPart(part: { transactionId: string; part: number; shape: string | null }): Promise<boolean>;
}

/**
 * Starts the next part of a run at Novu when its wait for an event ends. As for the start of a run, an exit may be
 * handled at the same time, so exits are read before the call to Novu, and the run's state after it.
 */
export function createNextPart({
  runs,
  trigger,
  cancel,
  messagesOf,
  hasOwnEmail,
  pace,
  expectCall,
  onTriggered,
  shapeIdOf,
  now,
  log,
}: {
  runs: PartRuns;
  trigger(start: Pick<Start, "workflow" | "run" | "to" | "payload" | "context">, idempotencyKey: string): Promise<void>;
  cancel(novuTransactionId: string): Promise<void>;
  /** The messages of one part of a run. */
  messagesOf(novuTransactionId: string): Promise<NovuMessageRecord[]>;
  /** Whether the source has an email address of the person now; false if the person cannot be read. */
  hasOwnEmail(run: Run): Promise<boolean>;
  /** Resolves when Novu's rate limit has room for one more trigger or cancel. */
  pace(): Promise<void>;
  /** Expects the first bridge call of the part soon. */
  expectCall(run: Run): Promise<void>;
  onTriggered(workflow: string): void;
  /** The id of the shape that the workflow has in the present code. */
  shapeIdOf(workflow: string): string | undefined;
  now: () => number;
  log: Log;
}) {
  return async function startPart(
    next: NextPart,
    { refusals, isTried }: Pick<JobAttempt, "refusals" | "isTried">,
  ): Promise<void> {
    const { workflow, run, wait, payload, context } = next;
    const { transactionId, distinctId } = run;
    // The run has ended, or its person was deleted.
    if ((await runs.findOpen(transactionId)) === null) return;
    const since = { distinctId, transactionId, since: run.occurredAt };
    const [exit, event] = await Promise.all([
      runs.findExitSince({ ...since, workflow }),
      runs.findExitSince({ ...since, workflow: waitName(workflow, wait) }),
    ]);
    // The job of the exit ends the run.
    if (exit !== null) return;
    if (event === null && now() < Date.parse(next.endsAt)) return runs.waitAgain(next);

    // Saved once, so that each attempt sends Novu the same.
    const found = {
      came: event !== null,
      notes: await notesBefore(next, { isTried }),
      hasEmail: run.eventEmail !== undefined && (await hasOwnEmail(run)),
    };
    const result = await runs.saveWait({ transactionId, distinctId, wait }, found);
    const shape = shapeIdOf(workflow);
    const continued: Run = {
      ...(result.hasEmail ? withoutEventEmail(run) : run),
      before: partsBefore(next, result),
      ...(shape !== undefined && { shape }),
    };
    const part = partOf(continued);
    if (!(await runs.beginPart({ transactionId, part, shape: shape ?? null }))) return;
    await pace();
    const id = partId(transactionId, part);
    const key = refusals === 0 ? id : `${id}:${refusals}`;
    const again = { workflow, run: continued, to: { subscriberId: distinctId }, payload };
    await trigger({ ...again, ...(context !== undefined && { context }) }, key);
    onTriggered(workflow);
    log.info({
      component: "outbox",
      outcome: "next part triggered",
      workflow,
      transactionId,
      step: wait,
      came: result.came,
    });
    if ((await runs.findState(transactionId)) === "in progress") return expectCall(continued);
    await pace();
    await cancel(id);
  };

  /** The in-app notes of the earlier parts as Novu has them now. A failed read holds the run up only once. */
  async function notesBefore(
    { run, notes }: NextPart,
    { isTried }: { isTried: boolean },
  ): Promise<EarlierParts["notes"]> {
    const steps = [...Object.keys(run.before?.notes ?? {}), ...notes];
    if (steps.length === 0) return {};
    const parts = Array.from({ length: partOf(run) + 1 }, (_, part) => partId(run.transactionId, part));
    const messages = await Promise.all(parts.map(messagesOf)).then(
      (found) => found.flat(),
      (error: unknown) => {
        if (!isTried || error instanceof StoppingError) throw error;
        return [];
      },
    );
    const found = steps.map((step) => [
      step,
      messages.find(({ stepId, note }) => stepId === step && note)?.note ?? UNSEEN,
    ]);
    return Object.fromEntries(found);
  }
}

const UNSEEN: NoteState = { seen: false, read: false, lastSeenDate: null, lastReadDate: null };

function partsBefore(
  { run: { before }, wait, steps, payloadSchema }: NextPart,
  { came, notes }: WaitResult,
): EarlierParts {
  return {
    waits: { ...before?.waits, [wait]: { came } },
    steps: [...(before?.steps ?? []), ...steps],
    notes,
    ...(payloadSchema !== undefined && { payloadSchema }),
  };
}
