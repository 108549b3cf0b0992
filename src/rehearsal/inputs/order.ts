import type { Config } from "../../config.ts";
import type { Product } from "../../contracts/product.ts";
import type { WorkflowRoutes } from "../../contracts/workflow.ts";
import type { RetryOptions } from "../../lib/service-client.ts";
import type { PostHogAccess } from "../../sources/posthog/client.ts";
import type { Progress } from "./from-posthog.ts";

/** The history that a rehearsal asks for. Times are milliseconds since 1970. */
export interface HistoryOrder {
  /** `posthog`; `store`: the app's own store. Another text is the path of a file. */
  from: string;
  /** Without it, the history begins with its first event. `posthog` needs it. */
  since?: number | undefined;
  /** The history ends just before this time. Without it, a file ends with its last event, and another history now. */
  until?: number | undefined;
  /** Only the events of this workflow, and the events about identity. */
  workflow?: string | undefined;
  /** How many people stay, always the same ones. */
  people?: number | undefined;
  /** Real ids, addresses, names and all properties, instead of pseudonyms and the properties that are read. */
  plain?: boolean | undefined;
}

export interface InputContext {
  config: Pick<Config, "dataDir" | "databaseUrl" | "databaseDirectUrl" | "retentionMs" | "internalUsers"> & {
    /** Null if PostHog is not configured. */
    posthog: PostHogAccess | null;
  };
  /** Its workflows are those of all versions that the history is played with. */
  product: Pick<Product<WorkflowRoutes>, "workflows" | "segmentNames">;
  signal: AbortSignal;
  /** The machine's time when absent. */
  now?: (() => number) | undefined;
  /** How the calls to PostHog pause. */
  retries?: Pick<RetryOptions, "sleep" | "onPause"> | undefined;
  /** Called after each page from PostHog. */
  onProgress?: ((progress: Progress) => void) | undefined;
}
