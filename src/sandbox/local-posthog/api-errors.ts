import { z } from "zod";

export const NOT_FOUND = { type: "invalid_request", code: "not_found", detail: "Not found." };

export function invalid(error: z.ZodError | string) {
  const detail = typeof error === "string" ? error : z.prettifyError(error);
  return { type: "validation_error", code: "invalid_input", detail };
}
