import type { Store } from "./store.ts";

export type Repositories = Pick<Store, "events" | "runs" | "jobs" | "decisions" | "people" | "limits">;

/** The methods that write what a page shows. */
const SHOWN = {
  events: ["insert", "insertIgnored", "deleteIgnored"],
  runs: ["insertForeign", "markExiting", "markExited", "markNotStarted", "markStarted", "close"],
  jobs: ["complete", "retry", "giveUp", "schedule", "redrive"],
  decisions: ["record", "insertReport"],
  people: ["changeOptOuts", "saveSentProfile", "delete", "merge", "split"],
} as const satisfies { [Repository in keyof Repositories]?: Array<keyof Repositories[Repository]> };

/** The same repositories, which call `changed` after each method that writes what a page shows. */
export function emitChanges(repositories: Repositories, changed: () => void): Repositories {
  const emitting = Object.entries(SHOWN).map(([repository, names]) => {
    const methods = repositories[repository as keyof Repositories] as unknown as Record<string, Method>;
    const wrapped = names.map((name) => [name, followedBy(methods[name] as Method, changed)]);
    return [repository, { ...methods, ...Object.fromEntries(wrapped) }];
  });
  return { ...repositories, ...Object.fromEntries(emitting) };
}

type Method = (...parameters: unknown[]) => Promise<unknown>;

function followedBy(method: Method, changed: () => void): Method {
  return async (...parameters) => {
    const result = await method(...parameters);
    changed();
    return result;
  };
}
