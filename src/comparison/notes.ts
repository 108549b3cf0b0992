import type { Comparison } from "../contracts/comparison.ts";

/** The part of an error message that names a scope of PostHog's personal API key. */
const SCOPE = /the scope (\w+:\w+)/;

/** In the order of the notes. */
const PARTS = [
  "the names of events",
  "the events of the last 30 days",
  "the properties of events",
  "the types of properties",
  "person properties",
  "the events that arrived here",
] as const;
export type Part = (typeof PARTS)[number];

/** Notes about the parts that are not compared. Parts with the same reason share one note. */
export function createNotes() {
  const notes = new Set<string>();
  const failures = new Map<string, { parts: Set<Part>; scopes: Set<string> }>();
  return {
    add: (note: string) => void notes.add(note),

    addFailure(part: Part, error: string): void {
      const scope = SCOPE.exec(error)?.[1];
      const key = scope === undefined ? error : "scope";
      const failure = failures.get(key) ?? { parts: new Set(), scopes: new Set() };
      failure.parts.add(part);
      if (scope !== undefined) failure.scopes.add(scope);
      failures.set(key, failure);
    },

    all: (): Pick<Comparison, "notes" | "notCompared"> => ({
      notes: [...notes],
      notCompared: [...failures].map(([error, { parts, scopes }]) => {
        const reason = scopes.size === 0 ? error : `POSTHOG_PERSONAL_API_KEY lacks ${listOf([...scopes].sort())}`;
        return `${listOf(PARTS.filter((part) => parts.has(part)))} are not compared: ${reason}`;
      }),
    }),
  };
}

function listOf(words: Iterable<string>): string {
  return new Intl.ListFormat("en").format(words);
}
