import type { Locale } from "../contracts/locale.ts";
import type { Person } from "../contracts/person.ts";
import { localeOfRun } from "./locale.ts";
import type { RunContext } from "./run-context.ts";

/** A value, or a promise of it: each function of a workflow may read the fork's own systems. */
export type Awaitable<Value> = Value | Promise<Value>;

/** The facts for a step at the moment of its call: the person, read now, and the controls that a colleague set in Novu. */
export interface Moment<Controls = Record<never, never>> {
  person: Person["properties"];
  distinctId: string;
  /** The person's locale; the fallback if it is unknown. */
  locale: Locale;
  controls: Controls;
  /** The present time of the app. In the sandbox it differs from the machine's clock. */
  now: Date;
}

/** The facts for a message. */
export interface MessageMoment<Controls = Record<never, never>> extends Moment<Controls> {
  /**
   * The link for this message: with `utm_…`, and through a redirect that reports the click. A link in an SMS has no
   * redirect unless `track` is true, because the redirect is long. A link that is not to the web stays as it is.
   */
  link(url: string, options?: { track?: boolean }): string;
}

/** The moment of a step. A person who cannot be found has the properties of the starting event. */
export async function momentOf<Controls>(
  context: Pick<RunContext, "run" | "deps" | "person" | "novuLocale">,
  controls: Controls,
): Promise<Moment<Controls>> {
  const { run, deps, person } = context;
  const found = await person();
  const { locale } = await localeOfRun(context);
  return {
    person: found?.properties ?? run.snapshot,
    distinctId: found?.distinctId ?? run.distinctId,
    locale,
    controls,
    now: new Date(deps.now()),
  };
}
