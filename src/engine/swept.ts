import { COHORT_ENTERED, type LifecycleEvent, SweptProperties, USER_INACTIVE } from "../contracts/event.ts";
import type { Absence, Cohort } from "../contracts/workflow.ts";
import type { StartMatcher } from "./event.ts";

/** The people whom the daily sweep looks for, because no source sends an event of them. */
export interface Swept {
  absences: Absence[];
  cohorts: Cohort[];
}

/** Throws for a workflow whose people the sweep could not find. The exit events are the activity of inactive people. */
export function sweptBy({
  id,
  on,
  exitOn,
}: {
  id: string;
  on: StartMatcher[];
  exitOn: Array<{ event: string; cohort?: Cohort | undefined }>;
}): Swept {
  const cohorts = on.flatMap(({ cohort }) => cohort ?? []);
  const twice = cohorts.find((cohort, index) => cohorts.findIndex((one) => one.id === cohort.id) !== index);
  if (twice !== undefined) throw new Error(`"${id}" has cohort ${twice.id} twice in its on`);
  if (exitOn.some(({ cohort }) => cohort !== undefined))
    throw new Error(`"${id}" has a cohort in its exitOn; people who enter a cohort only start runs`);
  return { absences: on.flatMap(absenceOf), cohorts };

  function absenceOf({ inactiveForDays: days }: StartMatcher): Absence[] {
    if (days === undefined) return [];
    if (exitOn.length === 0)
      throw new Error(`"${id}" starts on inactivity, so its exitOn has to name the events of active people`);
    return [{ days, sessions: [...new Set(exitOn.map(({ event }) => event))] }];
  }
}

/** The sweep makes an event for one workflow, because another workflow may look for other people. */
export function isForAnother(event: LifecycleEvent, workflow: string): boolean {
  if (event.name !== USER_INACTIVE && event.name !== COHORT_ENTERED) return false;
  const { swept_for: sweptFor } = SweptProperties.parse(event.properties);
  return sweptFor !== undefined && sweptFor !== null && sweptFor !== workflow;
}
