import { z } from "zod";

/** The texts of a message that a colleague can change in Novu's dashboard, with the names of their fields there. */
const TITLES = { subject: "Subject", body: "Text", button: "Button" } as const;
type TextName = keyof typeof TITLES;

/** Texts that a colleague can change in Novu's dashboard, with their defaults. */
export function textControls<Name extends TextName>(
  texts: Record<Name, string>,
): z.ZodObject<Record<Name, z.ZodDefault<z.ZodString>>> {
  const fields = (Object.keys(texts) as Name[]).map((name) => [name, textControl(name, texts[name])] as const);
  return z.object(Object.fromEntries(fields) as Record<Name, z.ZodDefault<z.ZodString>>);
}

/** A subject line that a colleague can change in Novu's dashboard. */
export function subjectControl(subject: string): z.ZodObject<{ subject: z.ZodDefault<z.ZodString> }> {
  return textControls({ subject });
}

/** These controls and, last, the switch that every message has. */
export function withSwitch(controls: z.ZodObject): z.ZodObject {
  if ("send" in controls.shape) throw new Error('the control "send" is the switch that every message has');
  return controls.extend({ send: z.boolean().default(true).meta({ title: "Send this message" }) });
}

/** Whether a colleague has turned that switch off. */
export function isSwitchedOff(controls: unknown): boolean {
  return (controls as { send?: boolean } | undefined)?.send === false;
}

function textControl(name: TextName, text: string): z.ZodDefault<z.ZodString> {
  return z.string().default(text).meta({ title: TITLES[name] });
}

/** The subject and text of an in-app note. */
export function noteControls(subject: string, body: string) {
  return subjectControl(subject).extend({ body: z.string().default(body).meta({ title: "Text" }) });
}
