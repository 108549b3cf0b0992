import { AsyncLocalStorage } from "node:async_hooks";
import type { Decision } from "../contracts/decision.ts";

/**
 * One for all apps of a process: it holds nothing outside of a call, and on Node 20 each that was ever used
 * makes every later promise of the process slower.
 */
const calls = new AsyncLocalStorage<Decision[]>();

/**
 * Holds what the steps decide during a bridge call until it is known how the call is answered: a
 * message counts as sent when it is handed over, not when it is written.
 */
export function createNotedDecisions() {
  return {
    note(decision: Decision): void {
      calls.getStore()?.push(decision);
    },
    during<Result>(call: () => Promise<Result>): Promise<Result> {
      return calls.run([], call);
    },
    forget(): void {
      calls.getStore()?.splice(0);
    },
    /** What was decided in the present call. */
    noted(): Decision[] {
      return calls.getStore() ?? [];
    },
  };
}

export type NotedDecisions = ReturnType<typeof createNotedDecisions>;
