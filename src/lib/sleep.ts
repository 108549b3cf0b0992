import { setTimeout } from "node:timers/promises";

/** Resolves after `ms`; rejects with the signal's reason when it is aborted. */
export type Sleep = (ms: number, signal?: AbortSignal) => Promise<void>;

export const sleep: Sleep = async (ms, signal) => {
  await setTimeout(ms, undefined, { signal }).catch(() => {});
  signal?.throwIfAborted();
};
