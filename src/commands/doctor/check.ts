import { setTimeout as sleep } from "node:timers/promises";
import { describeError } from "../../lib/errors.ts";

/** What a look at one thing has found; `trouble` and `warning` say the way out. */
export interface Finding {
  is: "ok" | "warning" | "trouble";
  says: string;
}

export type Found = Finding & { what: string };

export interface Check {
  what: string;
  /** May find several things; what it throws is trouble. */
  look(): Promise<Finding[]>;
}

export const ok = (says: string): Finding => ({ is: "ok", says });
export const warning = (says: string): Finding => ({ is: "warning", says });
export const trouble = (says: string): Finding => ({ is: "trouble", says });

/** All at once, none for longer than `withinMs`; each answers, whatever becomes of the others. */
export function lookAll(checks: Check[], withinMs: number): Promise<Found[]> {
  const looks = checks.map(async ({ what, look }) => {
    const ended = new AbortController();
    const late = sleep(
      withinMs,
      [trouble(`took longer than ${withinMs / 1000} s; run it again, or look at it by hand`)],
      {
        signal: ended.signal,
      },
    );
    late.catch(() => {});
    const found = await Promise.race([look().catch((error) => [trouble(describeError(error))]), late]);
    ended.abort();
    return found.map((finding) => ({ what, ...finding }));
  });
  return Promise.all(looks).then((all) => all.flat());
}
