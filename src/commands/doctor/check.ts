import { setTimeout as sleep } from "node:timers/promises";
import { describeError } from "../../lib/errors.ts";

/** A result of a check. For a warning or a trouble, `says` includes the fix. */
export interface Finding {
  is: "ok" | "warning" | "trouble";
  says: string;
}

export type Found = Finding & { what: string };

export interface Check {
  what: string;
  /** A thrown error becomes a trouble. */
  look(): Promise<Finding | Finding[]>;
}

export const ok = (says: string): Finding => ({ is: "ok", says });
export const warning = (says: string): Finding => ({ is: "warning", says });
export const trouble = (says: string): Finding => ({ is: "trouble", says });

/** Runs all checks at the same time, each for at most `withinMs`. */
export function lookAll(checks: Check[], withinMs: number): Promise<Found[]> {
  const looks = checks.map(async ({ what, look }) => {
    const ended = new AbortController();
    const tooLate = trouble(`took longer than ${withinMs / 1000} s; run it again, or check it by hand`);
    const late = sleep(withinMs, tooLate, { signal: ended.signal });
    late.catch(() => {});
    const found = await Promise.race([look().catch((error) => trouble(describeError(error))), late]);
    ended.abort();
    return [found].flat().map((finding) => ({ what, ...finding }));
  });
  return Promise.all(looks).then((all) => all.flat());
}
