import type { Locale } from "../contracts/locale.ts";
import type { OptOutChange } from "../contracts/opt-out.ts";
import type { PersonSources } from "../contracts/person.ts";
import { createOptOutsFromNovu, createSendOptOuts } from "../opt-outs/preferences.ts";
import { createUnsubscribeLinks, unsubscribeRoutes } from "../opt-outs/unsubscribe.ts";
import { createUnsubscribePage } from "../opt-outs/unsubscribe-page.tsx";
import { unsubscribeTextsIn } from "../opt-outs/unsubscribe-texts.ts";
import { createPersonLookup } from "../sources/person-reader.ts";
import type { PostHogReports } from "../sources/posthog/reports.ts";
import type { Context } from "./context.ts";
import type { Novu } from "./novu.ts";

const NOT_FOUND = { outcome: "not found" } as const;

/** Opt-outs: the unsubscribe links and page, Novu's webhook, and the jobs that send them to Novu and PostHog. */
export function createOptOuts(
  context: Context,
  {
    novu,
    reports,
    personSources,
  }: { novu: Novu; reports: Pick<PostHogReports, "setOptOuts">; personSources: PersonSources },
) {
  const { config, store, metrics, publicUrl, now, log } = context;
  const { workflows, brand, colours, topics, locales, unsubscribeTexts } = context.product;
  const marketing = workflows.flatMap(({ id, topic }) => (topic === null ? [] : [{ id, topic }]));
  const optOutsOf = store.people.findOptOuts;
  const changeOptOuts = (change: OptOutChange) => store.people.changeOptOuts(change);
  const textsIn = (locale: Locale) => unsubscribeTextsIn(locale, unsubscribeTexts);
  const links = createUnsubscribeLinks({ keys: config.linkSigningKeys, publicUrl });

  return {
    unsubscribeUrl: links.urlOf,
    unsubscribeText: (locale: Locale) => textsIn(locale).unsubscribe,
    routes: unsubscribeRoutes({
      read: links.read,
      page: createUnsubscribePage({ brand: brand.name, colours, topics, locales, textsIn }),
      topics,
      locales,
      marketing,
      optOutsOf,
      changeOptOuts,
      count: metrics.unsubscribe,
      now,
      log,
    }),
    send: createSendOptOuts({
      optOutsOf,
      marketing,
      setPreference: novu.api.setPreference,
      setOptOuts: reports.setOptOuts,
      personNow: personSources.posthog
        ? createPersonLookup({ source: personSources.posthog, now })
        : async () => NOT_FOUND,
      pace: novu.limit.subscribers,
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

export type OptOuts = ReturnType<typeof createOptOuts>;
