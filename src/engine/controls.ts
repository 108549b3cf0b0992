import { z } from "zod";

/** The texts of a message that a colleague can change in Novu's dashboard, with the names of their fields there. */
const TITLES = { subject: "Subject", body: "Text", button: "Button" } as const;
type TextName = keyof typeof TITLES;
type TextControls<Name extends TextName> = z.ZodObject<Record<Name, z.ZodDefault<z.ZodString>>>;

/** The workflow's code makes its controls in each call of a step. */
const made = new Map<string, z.ZodObject>();
const MOST_MADE = 1_000;

/** Texts that a colleague can change in Novu's dashboard, with their defaults. */
export function textControls<Name extends TextName>(texts: Record<Name, string>): TextControls<Name> {
  const key = JSON.stringify(texts);
  const known = made.get(key) ?? schemaOf(texts);
  if (made.size >= MOST_MADE) made.clear();
  made.set(key, known);
  return known as TextControls<Name>;
}

function schemaOf<Name extends TextName>(texts: Record<Name, string>): TextControls<Name> {
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
