import { plainTextSelectors } from "@react-email/components";
import { compile } from "html-to-text";
import { createElement, type ReactElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { UnsubscribeUrl } from "../../emails/_components/unsubscribe-url.ts";

/**
 * The email as HTML; a text is HTML already. If the template has no link to `unsubscribeUrl`, the link is added at the
 * end. `unsubscribeUrl` is null for an email without an opt-out, and undefined for an example link. Rendering takes a
 * third of the time of react-email's render(), which streams and may pretty-print.
 */
export function renderEmail(email: ReactElement | string, unsubscribeUrl?: string | null): string {
  if (unsubscribeUrl === undefined) return documentOf(email);
  const html = documentOf(
    typeof email === "string" ? email : createElement(UnsubscribeUrl.Provider, { value: unsubscribeUrl }, email),
  );
  if (unsubscribeUrl === null || html.includes(unsubscribeUrl)) return html;
  const link = renderToStaticMarkup(
    createElement("p", null, createElement("a", { href: unsubscribeUrl }, "Unsubscribe")),
  );
  return html.includes("</body>") ? html.replace("</body>", () => `${link}</body>`) : html + link;
}

function documentOf(email: ReactElement | string): string {
  return typeof email === "string" ? email : `<!DOCTYPE html>${renderToStaticMarkup(email)}`;
}

const HIDDEN = { display: "none", overflow: "hidden", lineHeight: "1px", opacity: 0, maxHeight: 0, maxWidth: 0 };

/** The email with a line that mail programs show beside the subject; it is hidden in the email and absent in its text. */
export function withPreheader(html: string, preheader: string | undefined): string {
  if (preheader === undefined) return html;
  const line = renderToStaticMarkup(createElement("div", { style: HIDDEN, "data-skip-in-text": true }, preheader));
  return /<body[^>]*>/i.test(html) ? html.replace(/<body[^>]*>/i, (body) => body + line) : line + html;
}

/** As react-email's toPlainText(), which compiles these options again in each call, and so takes five times as long. */
export const plainText: (html: string) => string = compile({ wordwrap: false, selectors: plainTextSelectors });

/** Replaces line breaks and control characters, which would end a header or be invisible in it, by blanks. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]+/gu, " ").trim();
}
