import { setTimeout as sleep } from "node:timers/promises";

/** A wrong answer takes its time, and whoever comes from the same address waits for it. */
const WRONG_TAKES_MS = 500;
const MOST_IN_LINE = 8;
const MOST_ADDRESSES = 1_000;

/**
 * Tries secrets one at a time for each address: about two guesses a second, while nobody is ever
 * locked out for longer than the few who stand before them. Null when the line is full.
 */
export function loginLine(
  isSecret: (offered: string) => boolean,
): (address: string, offered: string) => Promise<boolean | null> {
  const lines = new Map<string, { length: number; last: Promise<void> }>();

  return async (address, offered) => {
    // Beyond so many addresses they share a line.
    const name = lines.size < MOST_ADDRESSES || lines.has(address) ? address : "";
    const line = lines.get(name) ?? { length: 0, last: Promise.resolve() };
    if (line.length >= MOST_IN_LINE) return null;
    lines.set(name, line);
    line.length += 1;
    const answer = line.last.then(async () => {
      const isRight = isSecret(offered);
      if (!isRight) await sleep(WRONG_TAKES_MS);
      return isRight;
    });
    line.last = answer.then(() => {
      line.length -= 1;
      if (line.length === 0) lines.delete(name);
    });
    return answer;
  };
}
