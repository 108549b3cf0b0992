import type { SegmentNames } from "../../contracts/product.ts";
import type { HistoryLine } from "../history.ts";
import { createLineWriter, openPrivate, readHistory } from "./files.ts";
import { createPeople, factsOf, type LineFacts, type People } from "./people.ts";

/** The part of a history that is wanted. */
export interface Selection {
  /** The names of the events that stay; null for all. Events about identity and replies always stay. */
  events: string[] | null;
  /** How many people stay; null for all. */
  people: number | null;
}

export interface Counts {
  /** The events from `from` on. */
  events: number;
  /** Known persons with an event. */
  people: number;
  /** The times of the first event and of the last line from `from` on, milliseconds since 1970; null without lines. */
  first: number | null;
  last: number | null;
}

/** Copies the selected lines of a history to `target`. The same people are selected each time. */
export async function selectHistory(
  { file, target, from, names }: { file: string; target: string; from: number; names: SegmentNames },
  { events, people: most }: Selection,
): Promise<Counts> {
  const isWanted = ({ name, isIdentityEvent }: LineFacts) =>
    events === null || name === null || isIdentityEvent || events.includes(name);
  const isOfOne = ({ name, isIdentityEvent, isOfPerson }: LineFacts) =>
    isOfPerson && name !== null && (events === null || (events.includes(name) && !isIdentityEvent));
  const { people, persons } = await survey(file, { names, isCounted: isOfOne });
  const found = [...persons.keys()];
  const chosen = most === null ? null : new Set(found.sort((a, b) => people.rank(a) - people.rank(b)).slice(0, most));

  const counts: Counts = { events: 0, people: chosen?.size ?? found.length, first: null, last: null };
  const writer = createLineWriter(await openPrivate(target, "w"));
  try {
    for await (const lines of readHistory(file))
      for (const line of lines) {
        const facts = factsOf(line, names);
        if (facts === null || !isWanted(facts) || !(chosen?.has(people.find(facts.ids[0] ?? "") ?? -1) ?? true))
          continue;
        note(Date.parse(line.at), facts);
        await writer.write(JSON.stringify(line));
      }
  } finally {
    await writer.close();
  }
  return counts;

  function note(at: number, { name }: LineFacts): void {
    if (at < from) return;
    counts.last = at;
    if (name === null) return;
    counts.events += 1;
    counts.first ??= at;
  }
}

/** Copies the lines of these people to `target`, with all their ids. */
export async function historyOf(
  file: string,
  { target, ids, names }: { target: string; ids: string[]; names: SegmentNames },
): Promise<void> {
  const { people } = await survey(file, { names, isCounted: () => false });
  const wanted = new Set(ids.map(people.find));
  const writer = createLineWriter(await openPrivate(target, "w"));
  try {
    for await (const lines of readHistory(file))
      for (const line of lines) {
        const [id = ""] = factsOf(line, names)?.ids ?? [];
        const person = people.find(id);
        if (person !== undefined && wanted.has(person)) await writer.write(JSON.stringify(line));
      }
  } finally {
    await writer.close();
  }
}

/**
 * Splits a history into files with whole persons and about the same number of lines, in the order of arrival. Answers
 * the files: `history.jsonl` becomes `history.1.jsonl`, `history.2.jsonl` and so on.
 */
export async function shardHistory(file: string, count: number, names: SegmentNames): Promise<string[]> {
  const { people, persons } = await survey(file, { names, isCounted: () => true });
  const shards = inShards(persons, count);
  const files = Array.from({ length: count }, (_, index) => file.replace(/(\.jsonl)?$/, `.${index + 1}.jsonl`));
  const writers = [];
  try {
    for (const one of files) writers.push(createLineWriter(await openPrivate(one, "w")));
    for await (const lines of readHistory(file))
      for (const line of lines) {
        const person = people.find(factsOf(line, names)?.ids[0] ?? "") ?? -1;
        await writers[shards.get(person) ?? 0]?.write(JSON.stringify(line));
      }
  } finally {
    for (const writer of writers) await writer.close();
  }
  return files;
}

/** Joins all ids of a history, and counts the lines of each person that has a counted line. */
async function survey(
  file: string,
  { names, isCounted }: { names: SegmentNames; isCounted(facts: LineFacts): boolean },
): Promise<{ people: People; persons: Map<number, number> }> {
  const people = createPeople();
  const lineCounts = new Map<number, number>();
  for await (const lines of readHistory(file)) for (const line of lines) add(line);
  const persons = new Map<number, number>();
  for (const [before, count] of lineCounts) {
    const person = people.present(before);
    persons.set(person, (persons.get(person) ?? 0) + count);
  }
  return { people, persons };

  function add(line: HistoryLine): void {
    const facts = factsOf(line, names);
    if (facts === null) return;
    const person = people.join(facts.ids);
    if (isCounted(facts)) lineCounts.set(person, (lineCounts.get(person) ?? 0) + 1);
  }
}

/** The largest persons first, each into the shard with the fewest lines. */
function inShards(persons: Map<number, number>, count: number): Map<number, number> {
  const sizes = Array.from({ length: count }, () => 0);
  const shards = new Map<number, number>();
  for (const [person, lines] of [...persons].sort(([, a], [, b]) => b - a)) {
    const smallest = sizes.indexOf(Math.min(...sizes));
    shards.set(person, smallest);
    sizes[smallest] = (sizes[smallest] ?? 0) + lines;
  }
  return shards;
}
