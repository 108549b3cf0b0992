import { createRandom } from "../chaos/random.ts";

export interface Dice {
  /** From 0 to just below 1. */
  next(): number;
  /** Whole, from 0 to just below `most`. */
  int(most: number): number;
  chance(part: number): boolean;
  pick<Item>(items: readonly Item[]): Item;
  /** The same shape as a random UUID. */
  uuid(): string;
}

/** The same values for the same seed and number. */
export function createDice(seed: number, number: number): Dice {
  const next = createRandom(Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(number + 1, 0x85ebca6b));
  const int = (most: number) => Math.floor(next() * most);
  return {
    next,
    int,
    chance: (part) => next() < part,
    pick: (items) => items[int(items.length)]!,
    uuid: () => "xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx".replace(/x/g, () => int(16).toString(16)),
  };
}
