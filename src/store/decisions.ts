import type { Decision, RunVariant } from "../contracts/decision.ts";
import type { Report } from "../contracts/report.ts";
import { decisionLog } from "./decision-log.ts";
import { decisionWrites } from "./decision-writes.ts";
import type { Parts } from "./engine.ts";
import { variants } from "./variants.ts";

export interface Decisions {
  /**
   * Writes the decision of a step of a run, with its next job. For a sent message without a receipt, the next job reads
   * the receipt half a minute later. For every other decision, the next job is the report. A step has one decision. A
   * later decision replaces an earlier one, except:
   * - the earlier one has a receipt or the reason `exited`, or another Novu job has sent the message;
   * - `ifOpen` is set, and the earlier one is final;
   * - `insteadOf` is set, and the earlier one differs from it.
   * With `endsRun`, the run ends with this decision. Exposures that another step of the run reports are left out.
   * Answers the decision that is valid now, and whether it is new.
   */
  record(
    decision: Decision,
    options?: { ifOpen?: boolean; insteadOf?: Decision; endsRun?: boolean },
  ): Promise<{ decision: Decision; isNew: boolean }>;
  /** The newest `limit` decisions (1,000 by default), oldest first by the first decision of each step. */
  list(query?: { distinctId?: string; limit?: number }): Promise<Decision[]>;
  /** All decisions of these runs, in no order. */
  listOfRuns(transactionIds: string[]): Promise<Decision[]>;
  /** The steps of a run with a final decision (`isFinal`); with `failed`, the steps with any decision. */
  listDecidedSteps(transactionId: string, options?: { failed?: boolean }): Promise<string[]>;
  /** Inserts a report to PostHog, once for each run, step and status; answers whether it is new. */
  insertReport(report: Report): Promise<boolean>;

  /**
   * Saves the result of a custom step that Novu does not have. A saved result stays, unless `replace` is true. Answers
   * the valid result.
   */
  saveCustomValue(
    step: { transactionId: string; step: string; distinctId: string },
    value: unknown,
    options?: { replace: boolean },
  ): Promise<unknown>;
  /** The saved results of a run, by step. */
  findCustomValues(transactionId: string): Promise<Record<string, unknown>>;

  /** The experiment variants of a run, by flag. */
  findVariants(transactionId: string): Promise<Record<string, RunVariant>>;
  /** Saves the variants of a run. A flag that has a variant keeps it. Answers the valid variants, by flag. */
  saveVariants(
    run: { transactionId: string; distinctId: string },
    drawn: Record<string, RunVariant>,
  ): Promise<Record<string, RunVariant>>;
}

export function decisions(parts: Parts): Decisions {
  const { db, now } = parts;
  return {
    ...decisionLog(parts),
    ...decisionWrites(parts),
    ...variants(parts),

    async saveCustomValue({ transactionId, step, distinctId }, value, { replace } = { replace: false }) {
      const { value: kept } = await db
        .insertInto("custom_values")
        .values({
          transaction_id: transactionId,
          step,
          distinct_id: distinctId,
          value: JSON.stringify(value),
          saved_at: now(),
        })
        .onConflict((conflict) =>
          conflict
            .columns(["transaction_id", "step"])
            .doUpdateSet((row) => ({ value: row.ref(replace ? "excluded.value" : "custom_values.value") })),
        )
        .returning("value")
        .executeTakeFirstOrThrow();
      return JSON.parse(kept);
    },

    async findCustomValues(transactionId) {
      const rows = await db
        .selectFrom("custom_values")
        .select(["step", "value"])
        .where("transaction_id", "=", transactionId)
        .execute();
      return Object.fromEntries(rows.map(({ step, value }) => [step, JSON.parse(value)]));
    },
  };
}
