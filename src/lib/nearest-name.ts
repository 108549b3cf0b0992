/** Names with fewer letters in common are different words. */
const LETTERS_PER_MISTAKE = 4;
const MOST_MISTAKES = 3;

/**
 * The name that looks most like a mistyped `name`: it differs only in case and signs, or in one letter in four, up to
 * three letters. Null if no name does.
 */
export function nearestName(name: string, names: Iterable<string>): string | null {
  const wanted = lettersOf(name);
  let best: string | null = null;
  let fewest = Math.min(MOST_MISTAKES, Math.floor(wanted.length / LETTERS_PER_MISTAKE)) + 1;
  for (const one of names) {
    // Anybody can send an event with any name, and a terminal would obey such characters.
    if (/\p{C}/u.test(one)) continue;
    const mistakes = one === name ? fewest : distance(wanted, lettersOf(one), fewest);
    if (mistakes < fewest) [best, fewest] = [one, mistakes];
  }
  return best;
}

/** "Checkout Started" and "checkout_started" are the same letters. */
export function lettersOf(name: string): string {
  return name.toLowerCase().replace(/[^\p{L}\p{N}$]/gu, "");
}

/** The inserted, deleted, replaced and swapped letters between two texts; `most` if there are at least so many. */
function distance(a: string, b: string, most: number): number {
  if (Math.abs(a.length - b.length) >= most) return most;
  let [before, last] = [[] as number[], Array.from({ length: b.length + 1 }, (_, index) => index)];
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row[j] = Math.min(
        (last[j] ?? most) + 1,
        (row[j - 1] ?? most) + 1,
        (last[j - 1] ?? most) + (a[i - 1] === b[j - 1] ? 0 : 1),
        isSwapped ? (before[j - 2] ?? most) + 1 : most,
      );
    }
    [before, last] = [last, row];
  }
  return Math.min(most, last[b.length] ?? most);
}
