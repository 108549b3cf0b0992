import { setTimeout as sleep } from "node:timers/promises";

const WRONG_TAKES_MS = 500;
const MOST_WAITING = 100;

/**
 * Checks a secret. The right one is accepted at once, so that guesses never lock its owner out, not even behind the
 * same proxy. A wrong one waits, to limit the load; 16 characters are too many to guess. Null: too many wrong ones wait.
 */
export function createTrySecret(isSecret: (offered: string) => boolean): (offered: string) => Promise<boolean | null> {
  let waiting = 0;

  return async (offered) => {
    if (isSecret(offered)) return true;
    if (waiting >= MOST_WAITING) return null;
    waiting += 1;
    await sleep(WRONG_TAKES_MS);
    waiting -= 1;
    return false;
  };
}
