import { z } from "zod";

/** A subject line that a colleague can change in Novu's dashboard. */
export function subjectControl(subject: string) {
  return z.object({ subject: z.string().default(subject).meta({ title: "Subject" }) });
}

/** A note in the app, subject and text, likewise. */
export function noteControls(subject: string, body: string) {
  return subjectControl(subject).extend({ body: z.string().default(body).meta({ title: "Text" }) });
}
