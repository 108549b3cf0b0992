import type { Decision, RunVariant } from "../contracts/decision.ts";
import type { Report } from "../contracts/report.ts";
import { decisionLog } from "./decision-log.ts";
import type { Parts } from "./engine.ts";
import { variants } from "./variants.ts";

export interface Decisions {
  /**
   * Writes the decision of a step of a run, with its next job: for a sent message the receipt, half a minute later;
   * for every other decision, and after the receipt, the report. A step has one decision. A later one replaces it,
   * except:
   * - the earlier one has a receipt, or the run was exited before;
   * - with `ifOpen`, the earlier one is final;
   * - with `insteadOf`, the earlier one is not this one.
   * With `endsRun` it is the run's last. Exposures that another step of the run has reported are left out. Answers the
   * decision that is valid now, and whether that is new.
   */
  record(
    decision: Decision,
    options?: { ifOpen?: boolean; insteadOf?: Decision; endsRun?: boolean },
  ): Promise<{ decision: Decision; isNew: boolean }>;
  /** The newest `limit` (1,000), in the order they were first made. */
  list(query?: { distinctId?: string; limit?: number }): Promise<Decision[]>;
  /** In no order. */
  listOfRuns(transactionIds: string[]): Promise<Decision[]>;
  /** The steps of a run that have a final decision, by `isFinal`, or with `failed` any. */
  listDecidedSteps(transactionId: string, options?: { failed?: boolean }): Promise<string[]>;
  /** Writes a report to PostHog; once for each run, step and status, and answers whether it is new. */
  insertReport(report: Report): Promise<boolean>;

  /** Saves the result of a custom step that Novu does not have, unless there is one or with `replace`; answers the valid one. */
  saveCustomValue(
    step: { transactionId: string; step: string; distinctId: string },
    value: unknown,
    options?: { replace: boolean },
  ): Promise<unknown>;
  /** By step. */
  findCustomValues(transactionId: string): Promise<Record<string, unknown>>;

  /** The experiment variants of a run, by flag. */
  findVariants(transactionId: string): Promise<Record<string, RunVariant>>;
  /** Saves variants of a run where it has none; answers the valid ones, by flag. */
  saveVariants(
    run: { transactionId: string; distinctId: string },
    drawn: Record<string, RunVariant>,
  ): Promise<Record<string, RunVariant>>;
}

export function decisions(parts: Parts): Decisions {
  const { db, now } = parts;
  return {
    ...decisionLog(parts),
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
