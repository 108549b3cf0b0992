import { createHash } from "node:crypto";
import type { Product, SegmentNames } from "../../contracts/product.ts";
import type { WorkflowRoutes } from "../../contracts/workflow.ts";
import { mergeRequestOf, whyNoPerson } from "../../routing/person.ts";
import type { HistoryLine } from "../history.ts";
import { eventIn, isEvent } from "./events.ts";
import { createLinks, type LinksOf } from "./links.ts";

/** The ids of a line, of which the first is its distinct id, and the facts that a selection needs. */
export interface LineFacts {
  ids: string[];
  /** The texts that link the line with lines of other people, by `LinksOf`. */
  links: string[];
  /** The name of the event; null for a reply. */
  name: string | null;
  isIdentityEvent: boolean;
  /** Whether the line belongs to a known person, and not to a visitor. */
  isOfPerson: boolean;
}

/** The facts about a product by which lines are read. */
export interface Reading {
  names: SegmentNames;
  linksOf: LinksOf;
}

export function readingOf({ segmentNames, workflows }: Pick<Product<WorkflowRoutes>, "segmentNames" | "workflows">) {
  return { names: segmentNames, linksOf: createLinks(workflows) };
}

/** Null for a line whose body is not an event. */
export function factsOf(line: HistoryLine, { names, linksOf }: Reading): LineFacts | null {
  if (!isEvent(line))
    return { ids: [line.body.distinct_id], links: [], name: null, isIdentityEvent: false, isOfPerson: true };
  const parsed = eventIn(line, names);
  if ("misfit" in parsed) return null;
  const { event } = parsed;
  const request = mergeRequestOf(event);
  return {
    ids: [event.distinctId, ...(request === null ? [] : [request.previousId])],
    links: linksOf(event),
    name: event.name,
    isIdentityEvent: event.isIdentityEvent === true,
    isOfPerson: whyNoPerson(event) === null,
  };
}

/** Which ids belong together. All ids that any line joins are one person. */
export interface People {
  /** Joins the ids of one line, and answers their person as a number. Later joins may give the person another number. */
  join(ids: string[]): number;
  /** The present number of the person that had this number before. */
  present(person: number): number;
  /** The person of an id that was joined; undefined for another id. */
  find(id: string): number | undefined;
  /** All ids that were joined. */
  ids(): string[];
  /** A number that depends only on the ids of the person, so it is the same in each history with these ids. */
  rank(person: number): number;
}

export function createPeople(): People {
  const numbers = new Map<string, number>();
  const parents: number[] = [];
  const ranks: number[] = [];

  return {
    join(ids) {
      const [first = 0, ...others] = ids.map(numberOf);
      return others.reduce((joined, other) => unite(joined, root(other)), root(first));
    },
    find(id) {
      const number = numbers.get(id);
      return number === undefined ? undefined : root(number);
    },
    ids: () => [...numbers.keys()],
    present: root,
    rank: (person) => ranks[root(person)] ?? 0,
  };

  function numberOf(id: string): number {
    const known = numbers.get(id);
    if (known !== undefined) return known;
    const number = parents.length;
    numbers.set(id, number);
    parents.push(number);
    ranks.push(createHash("sha256").update(id).digest().readUIntBE(0, 6));
    return number;
  }

  function root(number: number): number {
    let found = number;
    for (let parent = parents[found] ?? found; parent !== found; parent = parents[found] ?? found) {
      // Shortens the path for the next search.
      parents[found] = parents[parent] ?? parent;
      found = parent;
    }
    return found;
  }

  function unite(one: number, other: number): number {
    if (one === other) return one;
    parents[other] = one;
    ranks[one] = Math.min(ranks[one] ?? 0, ranks[other] ?? 0);
    return one;
  }
}
