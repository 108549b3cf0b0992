import type { Queue } from "../contracts/job.ts";

export interface StoreListeners {
  /** A transaction has written a job of this queue, here or in another process. */
  jobs(queue: Queue): void;
  /** A transaction of this process has written something that a page shows. */
  changed(): void;
}

export function createEmitter() {
  const listeners: { [Name in keyof StoreListeners]: Set<StoreListeners[Name]> } = {
    jobs: new Set(),
    changed: new Set(),
  };
  return {
    /** The answer ends the subscription. */
    on<Name extends keyof StoreListeners>(name: Name, listener: StoreListeners[Name]): () => void {
      listeners[name].add(listener);
      return () => void listeners[name].delete(listener);
    },
    jobs(queue: Queue): void {
      for (const listener of listeners.jobs) listener(queue);
    },
    changed(): void {
      for (const listener of listeners.changed) listener();
    },
  };
}
