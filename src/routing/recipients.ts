import type { InternalRule, LifecycleEvent } from "../contracts/event.ts";
import { isSoundId } from "../contracts/event.ts";
import type { WorkflowRoutes } from "../contracts/workflow.ts";
import { whyNoPersonId } from "./person.ts";

/**
 * The most people that one event starts a run for. Anybody can send an event that names other people, and each of them
 * costs a run at Novu and reads of the person.
 */
const MOST_RECIPIENTS = 100;

/** The people who each get a run of their own, or why the event does not fit. The reason contains no id. */
export function recipientsOf(
  { recipients }: Pick<WorkflowRoutes, "recipients">,
  event: LifecycleEvent,
): { distinctIds: string[] } | { misfit: string } {
  if (recipients === undefined) return { distinctIds: [event.distinctId] };
  const listed = attempt(() => recipients(event));
  if (listed === FAILED) return { misfit: "its `recipients` fails on this event" };
  if (!Array.isArray(listed)) return { misfit: "recipients: not a list" };
  const distinctIds = new Set<string>();
  for (const [index, one] of listed.entries()) {
    const distinctId = idIn(one);
    if (distinctId === null) return { misfit: `recipients.${index}: not a distinct id` };
    const why = whyNoPersonId(distinctId);
    if (why !== null) return { misfit: `recipients.${index}: ${why}` };
    distinctIds.add(distinctId);
    if (distinctIds.size > MOST_RECIPIENTS) return { misfit: `recipients: more than ${MOST_RECIPIENTS} people` };
  }
  return { distinctIds: [...distinctIds] };
}

/** The rule by which one of these names is internal, as a reason without the name; null for no rule. */
export function whyInternal(names: string[], rules: InternalRule[]): string | null {
  const index = rules.findIndex((rule) => names.some((name) => matches(name, rule)));
  return index === -1 ? null : `an internal user, by rule ${index + 1} of INTERNAL_USERS`;
}

const FAILED = Symbol("failed");

/** The error's message may quote the event. */
function attempt(run: () => unknown): unknown {
  try {
    return run();
  } catch {
    return FAILED;
  }
}

function idIn(value: unknown): string | null {
  const isId = typeof value === "string" || Number.isSafeInteger(value);
  const id = isId ? String(value).trim() : "";
  return isSoundId(id) ? id : null;
}

function matches(name: string, rule: InternalRule): boolean {
  if ("pattern" in rule) return rule.pattern.test(name);
  const lower = name.toLowerCase();
  return "domain" in rule ? lower.endsWith(`@${rule.domain}`) : lower === rule.exactly;
}
