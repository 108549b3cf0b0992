import type { Config } from "../config.ts";
import type { OptOutChange } from "../contracts/opt-out.ts";
import type { PersonSources } from "../contracts/person.ts";
import type { Product } from "../contracts/product.ts";
import type { LifecycleWorkflow } from "../engine/lifecycle.ts";
import type { Metrics } from "../http/metrics.ts";
import type { Log } from "../lib/log.ts";
import type { NovuApi } from "../novu/api.ts";
import { createSaidElsewhere } from "../opt-outs/from-novu.ts";
import { createSendPreferences } from "../opt-outs/send-preferences.ts";
import { createUnsubscribeLinks } from "../opt-outs/unsubscribe-links.ts";
import { createUnsubscribePage } from "../opt-outs/unsubscribe-page.tsx";
import { unsubscribeRoutes } from "../opt-outs/unsubscribe-routes.ts";
import { createPersonLookup } from "../sources/person-lookup.ts";
import type { createPostHogReport } from "../sources/posthog/reports.ts";
import type { Store } from "../store/store.ts";

const NOBODY_THERE = { outcome: "not found" } as const;

/** What people want: where they say so, what is kept of it, and how Novu and PostHog hear of it. */
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
  const choose = async (choice: OptOutChange) => {
    await store.people.changeOptOuts(choice);
  };
  const links = createUnsubscribeLinks({ keys: config.linkSigningKeys, publicUrl });

  return {
    unsubscribeUrl: links.urlOf,
    routes: unsubscribeRoutes({
      read: links.read,
      page: createUnsubscribePage({ brand: brand.name, colours, topics }),
      topics,
      marketing,
      optOutsOf,
      choose,
      count,
      now,
      log,
    }),
    tell: createSendPreferences({
      optOutsOf,
      marketing,
      setPreference: novu.setPreference,
      setOptOuts,
      personNow: sources.posthog ? createPersonLookup({ source: sources.posthog, now }) : async () => NOBODY_THERE,
      pace,
      log,
    }),
    ...createSaidElsewhere({
      marketing,
      optOutsOf,
      choose,
      noteBounce: (bounce) => store.people.saveBounce(bounce),
      addressAtNovu: async (distinctId) => (await store.people.findSentProfile(distinctId))?.subscriber.email ?? null,
    }),
  };
}
