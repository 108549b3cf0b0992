import { arrivals, compareWithPostHog } from "../app/comparison.ts";
import type { Comparison } from "../contracts/comparison.ts";
import type { WorkflowRoutes } from "../contracts/workflow.ts";
import type { PostHogAccess } from "../sources/posthog/client.ts";
import { type StoreLocation, withStoreToRead } from "./command-store.ts";

const SAMPLE = 1_000;

/** Compares the workflows with PostHog, and with the events in the app's store if there is one. */
export function compareEvents(
  workflows: WorkflowRoutes[],
  { posthog, store, now }: { posthog: PostHogAccess | null; store: StoreLocation; now: number },
  withinMs: number,
): Promise<Comparison> {
  const arrivedHere = () =>
    withStoreToRead(
      store,
      ({ events }) => arrivals(events, workflows, now),
      () => new Map(),
    );
  return compareWithPostHog({ workflows, posthog, arrivedHere, sample: SAMPLE, now, withinMs });
}
