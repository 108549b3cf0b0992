import { readdirSync } from "node:fs";
import { type ComponentType, createElement } from "react";
import { renderEmail } from "../../src/engine/email.ts";

type Email = ComponentType<Record<string, unknown>> & { PreviewProps: Record<string, unknown> };

const folder = new URL("../../emails/", import.meta.url);

/** Every email by its file name. */
export const emailNames = readdirSync(folder).filter((name) => name.endsWith(".tsx"));

/** The HTML of an email, from its preview props and the changes of a test. */
export async function emailHtml(
  name: string,
  changes: Record<string, unknown> = {},
  unsubscribeUrl?: string | null,
): Promise<string> {
  const email = await emailOf(name);
  return renderEmail(createElement(email, { ...email.PreviewProps, ...changes }), unsubscribeUrl);
}

export async function exampleProps(name: string): Promise<Record<string, unknown>> {
  return (await emailOf(name)).PreviewProps;
}

async function emailOf(name: string): Promise<Email> {
  return ((await import(new URL(name, folder).href)) as { default: Email }).default;
}
