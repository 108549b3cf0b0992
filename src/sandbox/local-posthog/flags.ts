import { randomUUID } from "node:crypto";
import type { RequestHandler } from "express";
import { z } from "zod";
import type { Clock } from "../../lib/clock.ts";
import type { PostHogFlag, PostHogState } from "./state.ts";

const FlagsRequest = z
  .object({
    api_key: z.string().optional(),
    token: z.string().optional(),
    distinct_id: z.string(),
    flag_keys_to_evaluate: z.array(z.string()).optional(),
  })
  .transform(({ api_key, token = api_key, ...rest }) => ({ ...rest, token }));

/** The flags API, version 2. It evaluates flags for unknown people too, and omits unknown flags. */
export function evaluateFlags(state: PostHogState, projectToken: string, clock: Clock): RequestHandler {
  return (request, response) => {
    const body = FlagsRequest.safeParse(request.body);
    if (!body.success)
      return void response.status(400).type("text").send("The distinct_id field is missing from the request.");
    const { token, distinct_id: distinctId, flag_keys_to_evaluate: keys } = body.data;
    if (token !== projectToken)
      return void response.status(401).type("text").send("The provided API key is invalid or has expired.");

    const flags = state.flags.filter(({ key }) => keys?.includes(key) ?? true);
    response.json({
      flags: Object.fromEntries(flags.map((flag) => [flag.key, detailOf(flag, valueFor(flag, distinctId))])),
      errorsWhileComputingFlags: false,
      requestId: randomUUID(),
      evaluatedAt: clock.now(),
    });

    function detailOf({ key }: PostHogFlag, value: boolean | string) {
      const matches = value !== false;
      return {
        key,
        enabled: matches,
        variant: typeof value === "string" ? value : null,
        reason: matches
          ? { code: "condition_match", condition_index: 0, description: "Matched condition set 1" }
          : { code: "no_condition_match", condition_index: null, description: "No matching condition set" },
        metadata: {
          id: state.flags.findIndex((flag) => flag.key === key) + 1,
          version: 1,
          description: null,
          payload: null,
          has_experiment: false,
        },
      };
    }
  };
}

/** Sets a flag only for `distinctIds`, or, without these, for all people; then earlier exceptions end. */
export function setFlag(
  state: PostHogState,
  { key, value, distinctIds }: { key: string; value: boolean | string; distinctIds: string[] | undefined },
): void {
  const flag = state.flags.find((known) => known.key === key) ?? { key, value: false, people: [] };
  if (!state.flags.includes(flag)) state.flags.push(flag);
  if (distinctIds === undefined) Object.assign(flag, { value, people: [] });
  else flag.people.push({ distinctIds, value });
}

function valueFor({ value, people }: PostHogFlag, distinctId: string): boolean | string {
  return people.findLast(({ distinctIds }) => distinctIds.includes(distinctId))?.value ?? value;
}
