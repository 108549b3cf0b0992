import type { LocaleFacts, Locales } from "../contracts/locale.ts";
import { matchLocale } from "../lib/locale.ts";
import type { RunContext } from "./run-context.ts";

/**
 * The locale of a run's messages: the person's, or else the subscriber's at Novu, or else the browser's at the starting
 * event. A test or a preview is in the subscriber's, so that a colleague sees the locale that they select.
 */
export async function localeOfRun({
  run,
  deps,
  person,
  novuLocale,
}: Pick<RunContext, "run" | "deps" | "person" | "novuLocale">): Promise<LocaleFacts> {
  const own = (await person())?.properties.locale;
  return localeOf(run.isTest ? [novuLocale, own] : [own, novuLocale, run.locale], deps.locales);
}

/** The locale for the first of these written locales that matches one; the fallback if none does. */
export function localeOf(written: Array<string | undefined>, locales: Locales): LocaleFacts {
  const matching = written.flatMap((one) => (one === undefined ? [] : (matchLocale(one, locales) ?? [])));
  return matching[0] ?? locales[0];
}
