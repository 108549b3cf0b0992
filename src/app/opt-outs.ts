import type { Config } from "../config.ts";
import type { OptOutChange } from "../contracts/opt-out.ts";
import type { PersonSources } from "../contracts/person.ts";
import type { Product } from "../contracts/product.ts";
import type { LifecycleWorkflow } from "../engine/lifecycle.ts";
import type { Metrics } from "../http/metrics.ts";
import type { Log } from "../lib/log.ts";
import type { NovuApi } from "../novu/api.ts";
import { createOptOutsFromNovu } from "../opt-outs/from-novu.ts";
import { createSendOptOuts } from "../opt-outs/send-opt-outs.ts";
import { createUnsubscribeLinks } from "../opt-outs/unsubscribe-links.ts";
import { createUnsubscribePage } from "../opt-outs/unsubscribe-page.tsx";
import { unsubscribeRoutes } from "../opt-outs/unsubscribe-routes.ts";
import { createPersonLookup } from "../sources/person-lookup.ts";
import type { createPostHogReport } from "../sources/posthog/reports.ts";
import type { Store } from "../store/store.ts";

const NOT_FOUND = { outcome: "not found" } as const;

/** Opt-outs: the unsubscribe links and page, Novu's webhook, and the jobs that send them to Novu and PostHog. */
export function createOptOuts({
  config,
  store,
  product: { workflows, brand, colours, topics },
  publicUrl,
  novu,
  setOptOuts,
  sources,
  pace,
  count,
  now,
  log,
}: {
  config: Config;
  store: Store;
  product: Product<LifecycleWorkflow>;
  publicUrl(): string;
  novu: Pick<NovuApi, "setPreference">;
  setOptOuts: ReturnType<typeof createPostHogReport>["setOptOuts"];
  /** Where persons are read. */
  sources: PersonSources;
  /** Resolves when Novu's rate limit has room for one more change of a subscriber. */
  pace(): Promise<void>;
  count: Metrics["unsubscribe"];
  now: () => number;
  log: Log;
}) {
  const marketing = workflows.flatMap(({ id, topic }) => (topic === null ? [] : [{ id, topic }]));
  const optOutsOf = (distinctId: string) => store.people.findOptOuts(distinctId);
  const changeOptOuts = (change: OptOutChange) => store.people.changeOptOuts(change);
  const links = createUnsubscribeLinks({ keys: config.linkSigningKeys, publicUrl });

  return {
    unsubscribeUrl: links.urlOf,
    routes: unsubscribeRoutes({
      read: links.read,
      page: createUnsubscribePage({ brand: brand.name, colours, topics }),
      topics,
      marketing,
      optOutsOf,
      changeOptOuts,
      count,
      now,
      log,
    }),
    send: createSendOptOuts({
      optOutsOf,
      marketing,
      setPreference: novu.setPreference,
      setOptOuts,
      personNow: sources.posthog ? createPersonLookup({ source: sources.posthog, now }) : async () => NOT_FOUND,
      pace,
      log,
    }),
    ...createOptOutsFromNovu({
      marketing,
      optOutsOf,
      changeOptOuts,
      saveBounce: store.people.saveBounce,
      addressAtNovu: async (distinctId) => (await store.people.findSentProfile(distinctId))?.subscriber.email ?? null,
    }),
  };
}
