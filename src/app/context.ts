import type { Config } from "../config.ts";
import type { Product } from "../contracts/product.ts";
import type { SandboxControls } from "../contracts/sandbox.ts";
import type { LifecycleWorkflow } from "../engine/lifecycle.ts";
import type { Metrics } from "../http/metrics.ts";
import type { Clock } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import type { BodyBudget } from "../lib/webhook-endpoint.ts";
import type { Store } from "../store/store.ts";

/** The values that every part of the app gets. */
export interface Context {
  config: Config;
  /** The fork's workflows, brand and names. */
  product: Product<LifecycleWorkflow>;
  store: Store;
  metrics: Metrics;
  clock: Clock;
  now(): number;
  log: Log;
  /** Present only in the sandbox. There the studio needs no login, and only this machine can open it. */
  sandbox?: SandboxControls | undefined;
  /** Whether the app plays the past in a sandbox: no call is slowed to a rate, and nothing is reported to PostHog. */
  isRehearsal: boolean;
  /** The URL at which others reach this app. Without PUBLIC_URL, it is known only when the server listens. */
  publicUrl(): string;
  /** The memory for all request bodies that are not verified yet. */
  budget: BodyBudget;
  /** Whether the app has begun to stop. From then on, no new call to Novu starts. */
  isStopping(): boolean;
  /** Whether connections are being closed. From then on, webhooks get 503. */
  isClosing(): boolean;
}
