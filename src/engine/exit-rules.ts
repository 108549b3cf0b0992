import type { z } from "zod";
import type { LifecycleEvent } from "../contracts/event.ts";
import { ALL_RUNS, type ExitMatch, type MatchKeys, matchKey, type SameValue } from "../contracts/exit-match.ts";
import type { WorkflowRoutes } from "../contracts/workflow.ts";
import type { ExitMatcher, StartMatcher } from "./event.ts";

/** The runs of a workflow that events end. Throws when the workflow is made, and not when its first event arrives. */
export function exitRules({
  id,
  on,
  exitOn = [],
  payload,
}: {
  id: string;
  on: StartMatcher[];
  exitOn?: ExitMatcher<string>[];
  payload: z.ZodObject;
}): Pick<WorkflowRoutes, "exitBy" | "matchKeysOf"> {
  const fields = [...new Set(exitOn.flatMap(({ same }) => same?.payload ?? []))];
  for (const { event, same } of exitOn)
    if (same !== undefined) assertField({ id, payload }, `ends on "${event}"`, same);
  assertNoStartHasSame();

  return {
    exitBy(event) {
      const found = exitOn
        .filter((matcher) => matcher.event === event.name)
        .map((matcher) => ({ matcher, result: attempt(() => matcher.wants(event)) }))
        .filter(({ result }) => result !== false);
      const matches = found.map(({ matcher }) => matchOf(matcher, event));
      return { matches: withoutRepeats(matches), hasFailed: found.some(({ result }) => result === "fails") };
    },
    matchKeysOf: (made) =>
      Object.fromEntries(
        fields.flatMap((field) => {
          const key = matchKey(id, field, made[field]);
          return key === null ? [] : [[field, key]];
        }),
      ) satisfies MatchKeys,
  };

  function assertNoStartHasSame(): void {
    const start = on.find(({ same }) => same !== undefined);
    if (start === undefined) return;
    throw new Error(
      `"${id}" starts on "${start.event}" with \`same\`, which says which runs an event ends; move the event to \`exitOn\`, or remove \`same\``,
    );
  }

  /** An event without a usable value ends all runs of its person: no message is better than a wrong one. */
  function matchOf({ same }: ExitMatcher<string>, { properties }: LifecycleEvent): ExitMatch {
    if (same === undefined) return ALL_RUNS;
    const key = matchKey(id, same.payload, properties[same.event]);
    return key === null ? ALL_RUNS : { field: same.payload, key, of: same.of };
  }
}

/** Throws if the payload does not have the field that an event has to have in common with a run. */
export function assertField(
  { id, payload }: { id: string; payload: z.ZodObject },
  does: string,
  { payload: field, event: property }: SameValue,
): void {
  if (Object.hasOwn(payload.shape, field)) return;
  throw new Error(
    `"${id}" ${does} with the same "${field}", but its payload has no field "${field}"; add it to \`payload\` and \`from\`, or name another field: same: { payload: …, event: "${property}" }`,
  );
}

/** Of two equal matches, the one of anyone stays. */
export function withoutRepeats(matches: ExitMatch[]): ExitMatch[] {
  const inOrder = [...matches].sort((a, b) => b.of.localeCompare(a.of));
  return [...new Map(inOrder.map((match) => [match.key, match])).values()];
}

/** The result of a condition; for an exit, "unreadable" and "fails" count as true. */
export function attempt(wants: () => boolean | "unreadable"): boolean | "unreadable" | "fails" {
  try {
    return wants();
  } catch {
    return "fails";
  }
}
