import type { PersonOutcome } from "../outcome.ts";

/** One person on both sides; null on a side that does not have the person. */
export interface Pair {
  against: PersonOutcome | null;
  now: PersonOutcome | null;
}

type People = AsyncIterable<PersonOutcome>;

/** The people of both sides, one at a time. Each side must be in the order of the people's ids. */
export async function* joined(against: People, now: People): AsyncGenerator<Pair> {
  const [before, after] = [against[Symbol.asyncIterator](), now[Symbol.asyncIterator]()];
  try {
    let [one, other] = [await next(before), await next(after)];
    while (one !== null || other !== null) {
      if (other === null || (one !== null && one.person < other.person)) {
        yield { against: one, now: null };
        one = await next(before);
      } else if (one === null || other.person < one.person) {
        yield { against: null, now: other };
        other = await next(after);
      } else {
        yield { against: one, now: other };
        [one, other] = [await next(before), await next(after)];
      }
    }
  } finally {
    await close([before, after]);
  }
}

/**
 * The people of several lists as one, in the order of their ids. Throws if a list is not in this order, or if a person
 * is there twice.
 */
export async function* inOrder(lists: People[]): AsyncGenerator<PersonOutcome> {
  const iterators = lists.map((list) => list[Symbol.asyncIterator]());
  try {
    const heads = await Promise.all(iterators.map(next));
    let last: string | null = null;
    while (true) {
      const index = firstOf(heads);
      const [head, iterator] = [heads[index] ?? null, iterators[index]];
      if (head === null || iterator === undefined) return;
      if (last !== null && head.person <= last)
        throw new Error("The people of a rehearsal are not in the order of their ids, or one is there twice");
      last = head.person;
      yield head;
      heads[index] = await next(iterator);
    }
  } finally {
    await close(iterators);
  }
}

/** -1 if no list has a person left. */
function firstOf(heads: Array<PersonOutcome | null>): number {
  let first = -1;
  heads.forEach((head, index) => {
    const least = heads[first];
    if (head !== null && (least === undefined || least === null || head.person < least.person)) first = index;
  });
  return first;
}

async function next(people: AsyncIterator<PersonOutcome>): Promise<PersonOutcome | null> {
  const { done, value } = await people.next();
  return done ? null : value;
}

/** Closes the files of lists that are not read to their end. */
async function close(iterators: Array<AsyncIterator<PersonOutcome>>): Promise<void> {
  for (const iterator of iterators) await iterator.return?.();
}
