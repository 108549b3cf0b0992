import type { z } from "zod";
import type { LifecycleEvent } from "../contracts/event.ts";
import { waitName } from "../contracts/event-wait.ts";
import { ALL_RUNS, type ExitMatch, matchKey } from "../contracts/exit-match.ts";
import type { WorkflowRoutes } from "../contracts/workflow.ts";
import type { ExitMatcher } from "./event.ts";
import { assertField, attempt, withoutRepeats } from "./exit-rules.ts";

/** The key of a run without a usable value; no event has it. */
const NO_VALUE = "none";

/** The events that end a wait, by the name of the wait. */
export type WaitFor<Name extends string, Field extends string> = Record<Name, ExitMatcher<Field>[]>;

/**
 * The waits that events end. An event whose condition cannot be read, or which has no usable value of `same`, ends no
 * wait. Throws when the workflow is made, and not when its first event arrives.
 */
export function awaitedRules({
  id,
  waitFor = {},
  payload,
}: {
  id: string;
  waitFor?: WaitFor<string, string>;
  payload: z.ZodObject;
}): Pick<WorkflowRoutes, "waitsEndedBy" | "matchKeysOf"> {
  const waits = Object.entries(waitFor);
  for (const [wait, matchers] of waits) for (const matcher of matchers) assertCanEnd(wait, matcher);
  return {
    waitsEndedBy(event) {
      let hasFailed = false;
      const ended = waits.flatMap(([wait, matchers]) => {
        const matches = matchers.flatMap((matcher) => {
          const result = matcher.event === event.name && attempt(() => matcher.wants(event));
          hasFailed ||= result === "fails";
          return result === true ? matchOf(wait, matcher, event) : [];
        });
        return matches.length === 0 ? [] : [{ wait, matches: withoutRepeats(matches) }];
      });
      return { waits: ended, hasFailed };
    },
    matchKeysOf: (made) =>
      Object.fromEntries(
        waits.flatMap(([wait, matchers]) =>
          matchers.flatMap(({ same }) => {
            if (same === undefined) return [];
            const key = matchKey(waitName(id, wait), same.payload, made[same.payload]);
            return [[fieldOf(wait, same.payload), key ?? NO_VALUE]];
          }),
        ),
      ),
  };

  function assertCanEnd(wait: string, { event, same, occurrence, inactiveForDays }: ExitMatcher<string>): void {
    if (occurrence !== null || inactiveForDays !== undefined)
      throw new Error(
        `"${id}" waits for "${event}" at "${wait}" by an occurrence or an absence, which only \`on\` can have; name the event alone`,
      );
    if (same !== undefined) assertField({ id, payload }, `waits for "${event}"`, same);
  }

  function matchOf(wait: string, { same }: ExitMatcher<string>, { properties }: LifecycleEvent): ExitMatch[] {
    if (same === undefined) return [ALL_RUNS];
    const key = matchKey(waitName(id, wait), same.payload, properties[same.event]);
    return key === null ? [] : [{ field: fieldOf(wait, same.payload), key, of: same.of }];
  }
}

/** Apart from the fields of exits, whose keys differ. */
function fieldOf(wait: string, field: string): string {
  return `${wait}#${field}`;
}
