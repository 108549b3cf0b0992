import type { HistoryLine } from "../history.ts";
import { createLineWriter, openPrivate, readHistory } from "./files.ts";
import { createPeople, factsOf, type LineFacts, type People, type Reading } from "./people.ts";

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

/**
 * Copies the selected lines of a history to `target`. The same people are selected each time. The lines of people whose
 * events may end their runs, or the other way round, stay too.
 */
export async function selectHistory(
  { file, target, from, reading }: { file: string; target: string; from: number; reading: Reading },
  { events, people: most }: Selection,
): Promise<Counts> {
  const isWanted = ({ name, isIdentityEvent }: LineFacts) =>
    events === null || name === null || isIdentityEvent || events.includes(name);
  const isOfOne = ({ name, isIdentityEvent, isOfPerson }: LineFacts) =>
    isOfPerson && name !== null && (events === null || (events.includes(name) && !isIdentityEvent));
  const { people, persons } = await survey(file, { reading, isCounted: isOfOne });
  const found = [...persons.keys()];
  const chosen = most === null ? null : new Set(found.sort((a, b) => people.rank(a) - people.rank(b)).slice(0, most));
  const isChosen = chosen && (await linkedTo(file, { reading, isWanted: (id) => chosen.has(people.find(id) ?? -1) }));

  const counts: Counts = { events: 0, people: chosen?.size ?? found.length, first: null, last: null };
  const writer = createLineWriter(await openPrivate(target, "w"));
  try {
    for await (const lines of readHistory(file))
      for (const line of lines) {
        const facts = factsOf(line, reading);
        if (facts === null || !isWanted(facts) || !(isChosen?.(facts.ids[0] ?? "") ?? true)) continue;
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

/** Copies the lines of these people to `target`, with all their ids, and of people whose runs they may end. */
export async function historyOf(
  file: string,
  { target, ids, reading }: { target: string; ids: string[]; reading: Reading },
): Promise<void> {
  const isWanted = await linkedTo(file, { reading, isWanted: (id) => ids.includes(id) });
  const writer = createLineWriter(await openPrivate(target, "w"));
  try {
    for await (const lines of readHistory(file))
      for (const line of lines) {
        const [id = ""] = factsOf(line, reading)?.ids ?? [];
        if (isWanted(id)) await writer.write(JSON.stringify(line));
      }
  } finally {
    await writer.close();
  }
}

/**
 * Splits a history into files with whole persons and about the same number of lines, in the order of arrival. People
 * who may end each other's runs stay together. Answers the files: `history.jsonl` becomes `history.1.jsonl`,
 * `history.2.jsonl` and so on.
 */
export async function shardHistory(file: string, count: number, reading: Reading): Promise<string[]> {
  const { people, persons } = await survey(file, { reading, isCounted: () => true, isLinked: true });
  const shards = inShards(persons, count);
  const files = Array.from({ length: count }, (_, index) => file.replace(/(\.jsonl)?$/, `.${index + 1}.jsonl`));
  const writers = [];
  try {
    for (const one of files) writers.push(createLineWriter(await openPrivate(one, "w")));
    for await (const lines of readHistory(file))
      for (const line of lines) {
        const person = people.find(factsOf(line, reading)?.ids[0] ?? "") ?? -1;
        await writers[shards.get(person) ?? 0]?.write(JSON.stringify(line));
      }
  } finally {
    for (const writer of writers) await writer.close();
  }
  return files;
}

/** Whether an id belongs to a wanted person, or to one who is linked to a wanted person. */
async function linkedTo(
  file: string,
  { reading, isWanted }: { reading: Reading; isWanted(id: string): boolean },
): Promise<(id: string) => boolean> {
  const { people } = await survey(file, { reading, isCounted: () => false, isLinked: true });
  const wanted = new Set(people.ids().filter(isWanted).map(people.find));
  return (id) => {
    const person = people.find(id);
    return person !== undefined && wanted.has(person);
  };
}

/**
 * Joins all ids of a history, and counts the lines of each person that has a counted line. `isLinked` joins people who
 * may end each other's runs too.
 */
async function survey(
  file: string,
  {
    reading,
    isCounted,
    isLinked = false,
  }: { reading: Reading; isCounted(facts: LineFacts): boolean; isLinked?: boolean },
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
    const facts = factsOf(line, reading);
    if (facts === null) return;
    const person = people.join(isLinked ? [...facts.ids, ...facts.links] : facts.ids);
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
