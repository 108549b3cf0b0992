import type { LifecycleEvent } from "../../contracts/event.ts";
import { keysOfAnyone } from "../../contracts/exit-match.ts";
import type { WorkflowRoutes } from "../../contracts/workflow.ts";
import { createRoute } from "../../routing/route.ts";

/**
 * The texts that link events of several people: the same text in two events, of which one may end a run that the other
 * one starts; or the distinct id of another person who gets a run of the event.
 */
export type LinksOf = (event: LifecycleEvent) => string[];

export function createLinks(workflows: WorkflowRoutes[]): LinksOf {
  const fields = new Map(workflows.map((workflow) => [workflow.id, fieldsOfAnyone(workflow)]));
  const linking = workflows.filter(({ id, recipients }) => fields.get(id)?.length || recipients !== undefined);
  if (linking.length === 0) return () => [];
  const route = createRoute(linking);
  return (event) => {
    const { starts, exits } = route(event);
    const ofStarts = starts.flatMap(({ workflow, matchKeys = {} }) =>
      (fields.get(workflow) ?? []).flatMap((field) => matchKeys[field] ?? []),
    );
    const recipients = starts.map(({ run }) => run.distinctId).filter((id) => id !== event.distinctId);
    // No distinct id has a NUL.
    return [...recipients, ...[...ofStarts, ...exits.flatMap(keysOfAnyone)].map((key) => `\0${key}`)];
  };
}

function fieldsOfAnyone({ matchers }: WorkflowRoutes): string[] {
  return matchers.flatMap(({ same }) => (same?.of === "anyone" ? [same.payload] : []));
}
