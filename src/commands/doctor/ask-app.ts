import { parseJson } from "../../lib/json.ts";

const ANSWER_WITHIN_MS = 8_000;

/** Calls the running app at its public address. Throws if it does not answer. */
export async function askApp(
  publicUrl: string,
  path: string,
  init: RequestInit = {},
): Promise<{ status: number; body: unknown }> {
  const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
  const response = await fetch(`${publicUrl}${path}`, { ...init, redirect: "manual", signal }).catch(
    (error: unknown) => {
      throw new Error(`PUBLIC_URL ${publicUrl} does not answer from here; does the app run there?`, { cause: error });
    },
  );
  return { status: response.status, body: parseJson(await response.text()) };
}
