import { z } from "zod";

/** The texts of a message that a colleague can change in Novu's dashboard, with the names of their fields there. */
const TITLES = { subject: "Subject", body: "Text", button: "Button" } as const;
type TextName = keyof typeof TITLES;
type TextControls<Name extends TextName> = z.ZodObject<Record<Name, z.ZodDefault<z.ZodString>>>;

/** Texts that a colleague can change in Novu's dashboard, with their defaults. */
export function textControls<Name extends TextName>(texts: Record<Name, string>): TextControls<Name> {
  const names = Object.keys(texts) as Name[];
  const fields = names.map((name) => [name, z.string().default(texts[name]).meta({ title: TITLES[name] })] as const);
  return z.object(Object.fromEntries(fields) as Record<Name, z.ZodDefault<z.ZodString>>);
}

/** A subject line that a colleague can change in Novu's dashboard. */
export function subjectControl(subject: string): TextControls<"subject"> {
  return textControls({ subject });
}

/** The subject and text of an in-app note. */
export function noteControls(subject: string, body: string): TextControls<"subject" | "body"> {
  return textControls({ subject, body });
}
