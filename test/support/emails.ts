import { readdirSync } from "node:fs";
import { type ComponentType, createElement } from "react";
import type { LocaleFacts, Locales } from "../../src/contracts/locale.ts";
import { hasTexts, renderEmail } from "../../src/engine/email.ts";

type Email = ComponentType<Record<string, unknown>> & { PreviewProps: Record<string, unknown> };

const folder = new URL("../../emails/", import.meta.url);

/** Every email by its file name. */
export const emailNames = readdirSync(folder).filter((name) => name.endsWith(".tsx"));

/** The locales of the emails, the fallback first. */
export const emailLocales = await localesOf();

/** The HTML of an email, from its preview props and the changes of a test. By default in the fallback. */
export async function emailHtml(
  name: string,
  changes: Record<string, unknown> = {},
  {
    unsubscribeUrl = "https://example.com/u/example",
    locale = emailLocales[0],
  }: { unsubscribeUrl?: string | null; locale?: LocaleFacts } = {},
): Promise<string> {
  const email = await emailOf(name);
  const element = createElement(email, { ...email.PreviewProps, ...changes });
  const unsubscribe = unsubscribeUrl === null ? null : { url: unsubscribeUrl, text: "Unsubscribe" };
  return renderEmail(element, { locale: hasTexts(element) ? locale : emailLocales[0], unsubscribe });
}

/** Whether an email has texts for each locale. Without them it is in the fallback. */
export async function isTranslated(name: string): Promise<boolean> {
  return hasTexts(createElement(await emailOf(name)));
}

export async function exampleProps(name: string): Promise<Record<string, unknown>> {
  return (await emailOf(name)).PreviewProps;
}

async function localesOf(): Promise<Locales> {
  const file = new URL("_components/locales.ts", folder);
  return ((await import(file.href)) as { LOCALES: Locales }).LOCALES;
}

async function emailOf(name: string): Promise<Email> {
  return ((await import(new URL(name, folder).href)) as { default: Email }).default;
}
