import { createElement, type ReactElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { ReaderLocale } from "../../emails/_components/reader-locale.ts";
import { UnsubscribeUrl } from "../../emails/_components/unsubscribe-url.ts";
import type { LocaleFacts } from "../contracts/locale.ts";

/**
 * The email as HTML in this locale; a text is HTML already. If the template has no link to the unsubscribe page, the
 * link is added at the end. `unsubscribe` is null for an email without an opt-out. Rendering takes a third of the time
 * of react-email's render(), which streams and may pretty-print.
 */
export function renderEmail(
  email: ReactElement | string,
  { locale, unsubscribe }: { locale: LocaleFacts; unsubscribe: { url: string; text: string } | null },
): string {
  const html = typeof email === "string" ? email : documentOf(inContexts(email, locale, unsubscribe?.url ?? null));
  if (unsubscribe === null || html.includes(unsubscribe.url)) return html;
  const { url, text } = unsubscribe;
  const link = renderToStaticMarkup(createElement("p", null, createElement("a", { href: url }, text)));
  return html.includes("</body>") ? html.replace("</body>", () => `${link}</body>`) : html + link;
}

/** Whether an email has texts for each locale. */
export function hasTexts(email: ReactElement | string): boolean {
  return typeof email !== "string" && typeof email.type === "function" && "texts" in email.type;
}

function inContexts(email: ReactElement, locale: LocaleFacts, unsubscribeUrl: string | null): ReactElement {
  const localized = createElement(ReaderLocale.Provider, { value: locale }, email);
  return createElement(UnsubscribeUrl.Provider, { value: unsubscribeUrl }, localized);
}

function documentOf(email: ReactElement): string {
  return `<!DOCTYPE html>${renderToStaticMarkup(email)}`;
}

const HIDDEN = { display: "none", overflow: "hidden", lineHeight: "1px", opacity: 0, maxHeight: 0, maxWidth: 0 };

/** The email with a line that mail programs show beside the subject; it is hidden in the email and absent in its text. */
export function withPreheader(html: string, preheader: string | undefined): string {
  if (preheader === undefined) return html;
  const line = renderToStaticMarkup(createElement("div", { style: HIDDEN, "data-skip-in-text": true }, preheader));
  return /<body[^>]*>/i.test(html) ? html.replace(/<body[^>]*>/i, (body) => body + line) : line + html;
}

/** Replaces line breaks and control characters, which would end a header or be invisible in it, by blanks. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]+/gu, " ").trim();
}
