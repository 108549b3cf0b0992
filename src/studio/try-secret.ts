import { setTimeout as sleep } from "node:timers/promises";

/** A wrong answer takes its time, as long as few wait for one. */
const WRONG_TAKES_MS = 500;
const MOST_WAITING = 100;

/**
 * Says at once whether a secret is right, so that no guessing locks its owner out, not even behind the same
 * proxy. A secret of 16 characters is not found by guessing: wrong ones are put off to spare this process.
 * Null is a wrong one that is told to come back later.
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
