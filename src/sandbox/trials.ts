import { randomUUID } from "node:crypto";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Trial, Trials } from "../contracts/call.ts";
import { describeError } from "../lib/errors.ts";

/**
 * The bridge calls that only show a message, and the errors of steps since the sandbox started. `run` makes a call, and
 * resolves to its answer and its result. `errorOf`: the last error of a step in a run, in words; null if there is none.
 */
export function createTrials(): Trials & {
  run<Answer>(call: (jobId: string) => Promise<Answer>): Promise<Trial & { answer: Answer }>;
  errorOf(transactionId: string, step: string): string | null;
} {
  const open = new Map<string, Trial>();
  const errors = new Map<string, string>();
  return {
    find: (jobId) => open.get(jobId),
    onError({ transactionId, step }, error) {
      errors.set(`${transactionId} ${step}`, inWords(error));
    },
    errorOf: (transactionId, step) => errors.get(`${transactionId} ${step}`) ?? null,
    async run(call) {
      const jobId = randomUUID();
      const trial: Trial = { objection: null, failure: null, error: null };
      open.set(jobId, trial);
      try {
        const answer = await call(jobId);
        return { ...trial, answer };
      } finally {
        open.delete(jobId);
      }
    },
  };
}

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
/** The folders of the engine; the other files of a stack are the fork's own. */
const ENGINE = /^(node_modules|src\/(?!workflows\/))/;

/** The message of an error with the file and the line, from the root of the project. */
export function inWords(error: unknown): string {
  const place = error instanceof Error ? placeIn(error.stack ?? "") : null;
  return place === null ? describeError(error) : `${describeError(error)}, at ${place}`;
}

/** The innermost line of a stack that is in the fork's own code; null if there is none. */
export function placeIn(stack: string, root: string = ROOT): string | null {
  const url = pathToFileURL(root).href;
  for (const line of stack.split("\n")) {
    const [, file = "", at = ""] = /(?:\(|at |@)((?:file:\/\/)?\/[^()]*?):(\d+)(?::\d+)?\)?$/.exec(line.trim()) ?? [];
    const path = file.startsWith(url) ? file.slice(url.length) : file.startsWith(root) ? file.slice(root.length) : null;
    if (path !== null && !ENGINE.test(path)) return `${path.replace(/\?.*$/, "")}:${at}`;
  }
  return null;
}
