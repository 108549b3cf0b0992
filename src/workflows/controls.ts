import { z } from "zod";

/** A subject line that a colleague can change in Novu's dashboard. */
export function subjectControl(subject: string) {
  return z.object({ subject: z.string().default(subject).meta({ title: "Subject" }) });
}
