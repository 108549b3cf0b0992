import type { Config } from "../config.ts";
import type { Product } from "../contracts/product.ts";
import type { SandboxControls } from "../contracts/sandbox.ts";
import type { LifecycleWorkflow } from "../engine/lifecycle.ts";
import type { Metrics } from "../http/metrics.ts";
import type { Clock } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import type { BodyBudget } from "../lib/webhook-endpoint.ts";
import type { Store } from "../store/store.ts";

/** Every part of the app gets these, besides its own needs. */
export interface Context {
  config: Config;
  /** The fork's workflows, brand and names. */
  product: Product<LifecycleWorkflow>;
  store: Store;
  metrics: Metrics;
  clock: Clock;
  now(): number;
  log: Log;
  /** Only in the sandbox. With it the studio is open, to this machine only. */
  sandbox?: SandboxControls | undefined;
  /** The URL at which others reach this app. A sandbox knows its own only when it listens. */
  publicUrl(): string;
  /** The memory for the bodies of all senders that are not verified yet. */
  budget: BodyBudget;
  /** Whether the app has begun to stop. From then on, no new call to Novu starts. */
  isStopping(): boolean;
  /** Whether connections are being closed. From then on, webhooks get 503. */
  isClosing(): boolean;
}
