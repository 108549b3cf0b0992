import type { LifecycleEvent } from "../../contracts/event.ts";
import { keysOfAnyone } from "../../contracts/exit-match.ts";
import type { WorkflowRoutes } from "../../contracts/workflow.ts";
import { createRoute } from "../../routing/route.ts";

/** The same text in two events: one of them may end a run that the other one starts, also of another person. */
export type LinksOf = (event: LifecycleEvent) => string[];

export function createLinks(workflows: WorkflowRoutes[]): LinksOf {
  const fields = new Map(workflows.map((workflow) => [workflow.id, fieldsOfAnyone(workflow)]));
  const linking = workflows.filter(({ id }) => fields.get(id)?.length);
  if (linking.length === 0) return () => [];
  const route = createRoute(linking);
  return (event) => {
    const { starts, exits } = route(event);
    const ofStarts = starts.flatMap(({ workflow, matchKeys = {} }) =>
      (fields.get(workflow) ?? []).flatMap((field) => matchKeys[field] ?? []),
    );
    return [...ofStarts, ...exits.flatMap(keysOfAnyone)];
  };
}

function fieldsOfAnyone({ matchers }: WorkflowRoutes): string[] {
  return matchers.flatMap(({ same }) => (same?.of === "anyone" ? [same.payload] : []));
}
