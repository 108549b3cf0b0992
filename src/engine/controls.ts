import { z } from "zod";
import type { Locale, Locales, Text, Texts } from "../contracts/locale.ts";

/** The texts of a message that a colleague can change in Novu's dashboard, with the names of their fields there. */
const TITLES = { subject: "Subject", body: "Text", button: "Button" } as const;
type TextName = keyof typeof TITLES;
type TextControl = z.ZodDefault<z.ZodString>;
type TextControls<Name extends TextName> = z.ZodObject<Record<Name, TextControl>>;

/** The workflow's code makes its controls in each call of a step. */
const made = new Map<string, z.ZodObject>();
const MOST_MADE = 1_000;
/** The controls with a text for each locale. */
const PER_LOCALE = z.registry<{ title: string; texts: Texts }>();

/** Texts that a colleague can change in Novu's dashboard, with their defaults. */
export function textControls<Name extends TextName>(texts: Record<Name, Text>): TextControls<Name> {
  const key = JSON.stringify(texts);
  const known = made.get(key) ?? schemaOf(texts);
  if (made.size >= MOST_MADE) made.clear();
  made.set(key, known);
  return known as TextControls<Name>;
}

function schemaOf<Name extends TextName>(texts: Record<Name, Text>): TextControls<Name> {
  const names = Object.keys(texts) as Name[];
  const fields = names.map((name) => [name, textControl(TITLES[name], texts[name])] as const);
  return z.object(Object.fromEntries(fields) as Record<Name, TextControl>);
}

/** One more text that a colleague can change, with the name of its field in Novu's dashboard. */
export function textControl(title: string, text: Text): TextControl {
  if (typeof text === "string") return z.string().default(text).meta({ title });
  const [first = ""] = Object.values<string>(text);
  return textControl(title, first).register(PER_LOCALE, { title, texts: text });
}

/** A subject line that a colleague can change in Novu's dashboard. */
export function subjectControl(subject: Text): TextControls<"subject"> {
  return textControls({ subject });
}

/** The subject and text of an in-app note. */
export function noteControls(subject: Text, body: Text): TextControls<"subject" | "body"> {
  return textControls({ subject, body });
}

/**
 * The controls as Novu shows them. A text has a control for each locale: the fallback's keeps the name, the others have
 * a suffix, so that a further locale changes no control that a colleague has edited.
 */
export function controlsPerLocale(controls: z.ZodObject, [fallback, ...others]: Locales): z.ZodObject {
  const texts = textsOf(controls);
  const fields = [
    ...texts.map(([name, { title, texts }]) => [name, textControl(title, texts[fallback.locale])] as const),
    ...others.flatMap(({ locale }) =>
      texts.map(
        ([name, { title, texts }]) =>
          [controlName(name, locale), textControl(`${title} (${locale})`, texts[locale])] as const,
      ),
    ),
  ];
  const taken = fields.slice(texts.length).find(([name]) => name in controls.shape);
  if (taken) throw new Error(`"${taken[0]}" is the control of a locale; rename the control in controlSchema`);
  return fields.length === 0 ? controls : controls.extend(Object.fromEntries(fields));
}

/** The values of a step's controls, with each text in this locale. */
export function controlsIn<Values>(
  locale: Locale,
  values: Values,
  controls: z.ZodObject | undefined,
  [fallback]: Locales,
): Values {
  if (controls === undefined || locale === fallback.locale) return values;
  const atNovu = values as Record<string, unknown>;
  const texts = textsOf(controls).map(([name, { texts }]) => [
    name,
    atNovu[controlName(name, locale)] ?? texts[locale],
  ]);
  return { ...values, ...Object.fromEntries(texts) };
}

function textsOf({ shape }: z.ZodObject) {
  return Object.entries(shape).flatMap(([name, field]) => {
    const facts = PER_LOCALE.get(field);
    return facts === undefined ? [] : [[name, facts] as const];
  });
}

/** `subject` → `subject_de`, `subject_pt_BR` */
function controlName(name: string, locale: Locale): string {
  return `${name}_${locale.replaceAll("-", "_")}`;
}
