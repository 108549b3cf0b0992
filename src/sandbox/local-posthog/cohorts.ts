import { Router } from "express";
import { NOT_FOUND } from "./answers.ts";
import { find } from "./persons.ts";
import type { PostHogCohort, PostHogState } from "./state.ts";

/** Shows one cohort. A deleted cohort is shown too, as at PostHog. */
export function cohortRoutes(state: PostHogState): Router {
  return Router({ mergeParams: true }).get("/cohorts/:id", ({ params }, response) => {
    const cohort = state.cohorts.find(({ id }) => id === Number(params.id));
    if (cohort === undefined) return void response.status(404).json(NOT_FOUND);
    const { id, isDeleted, isStatic, isCalculating, calculatedAt } = cohort;
    response.json({
      ...{ id, name: `Cohort ${id}`, description: "", deleted: isDeleted, is_static: isStatic },
      ...{ is_calculating: isCalculating, last_calculation: calculatedAt, count: membersOf(state, cohort).size },
    });
  });
}

export function cohortControls(state: PostHogState, nowText: () => string) {
  return {
    /** Adds a calculated cohort without members, unless it is there. */
    addCohort(id: number): void {
      if (state.cohorts.some((cohort) => cohort.id === id)) return;
      const isNot = { isDeleted: false, isStatic: false, isCalculating: false };
      state.cohorts.push({ id, members: [], ...isNot, calculatedAt: nowText() });
    },

    /** Puts a person into a cohort, or takes the person out. Throws for an unknown person or cohort. */
    setMember(distinctId: string, id: number, isMember: boolean): void {
      const cohort = findCohort(state, id);
      if (cohort === undefined) throw new Error(`the local PostHog has no cohort ${id}; does a workflow start on it?`);
      const person = find(state.persons, distinctId);
      if (person === undefined) throw new Error(`the local PostHog has no person with the distinct id "${distinctId}"`);
      const others = cohort.members.filter((one) => !person.distinctIds.includes(one));
      cohort.members = isMember ? [...others, distinctId] : others;
    },

    /** The cohorts, and whether a person is in each; empty for an unknown person. */
    cohortsOf(distinctId: string): Array<{ id: number; isMember: boolean }> {
      const person = find(state.persons, distinctId);
      if (person === undefined) return [];
      return state.cohorts
        .filter(({ isDeleted }) => !isDeleted)
        .map((cohort) => ({ id: cohort.id, isMember: membersOf(state, cohort).has(person.uuid) }));
    },
  };
}

/** The uuids of the persons in a cohort. */
export function membersOf({ persons }: PostHogState, { members }: PostHogCohort): Set<string> {
  return new Set(members.flatMap((distinctId) => find(persons, distinctId)?.uuid ?? []));
}

/** The cohort that a query can read; undefined if it does not exist or is deleted. */
export function findCohort(state: PostHogState, id: number): PostHogCohort | undefined {
  return state.cohorts.find((cohort) => cohort.id === id && !cohort.isDeleted);
}
