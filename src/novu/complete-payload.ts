import type { z } from "zod";

type Payload = Record<string, unknown>;

const ABOUT_LENGTH = new Set<unknown>(["too_small", "too_big"]);

/**
 * The payload of a run for the schema of now, when the run began with another one: a field that is new gets its
 * default, and so does a field that does not fit any more; without a default, one that may be absent is left out.
 * `misfit` names the fields that the workflow cannot do without, and no values.
 */
export function completePayload(payload: Payload, schema: z.ZodObject): { payload: Payload } | { misfit: string } {
  const read = schema.safeParse(payload);
  if (read.success) return { payload: { ...payload, ...read.data } };
  if (read.error.issues.every(isAboutForm)) return { payload };
  const unfit = read.error.issues.filter((issue) => !isAboutForm(issue)).map(({ path }) => String(path[0]));
  const rest = Object.fromEntries(Object.entries(payload).filter(([name]) => !unfit.includes(name)));
  const again = schema.safeParse(rest);
  if (again.success) return { payload: { ...rest, ...again.data } };
  const issues = again.error.issues.filter((issue) => !isAboutForm(issue));
  if (issues.length === 0) return { payload: rest };
  return { misfit: [...new Set(issues.map(({ path }) => path.join(".")))].join(", ") };
}

/** The form and the length of a text count at the door only. */
function isAboutForm(issue: z.core.$ZodIssue): boolean {
  if (issue.code === "invalid_format") return true;
  return ABOUT_LENGTH.has(issue.code) && (issue as { origin?: string }).origin === "string";
}
