import { createElement, type ReactElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { UnsubscribeUrl } from "../../emails/_components/unsubscribe-url.ts";

/**
 * The email as HTML, with a link to `unsubscribeUrl`, also where its template has none; null for an email without an
 * opt-out, undefined for an example link. It takes a third of the time of react-email's own render(), which streams
 * and may pretty-print.
 */
export function renderEmail(email: ReactElement, unsubscribeUrl?: string | null): string {
  if (unsubscribeUrl === undefined) return documentOf(email);
  const html = documentOf(createElement(UnsubscribeUrl.Provider, { value: unsubscribeUrl }, email));
  if (unsubscribeUrl === null || html.includes(unsubscribeUrl)) return html;
  const link = renderToStaticMarkup(
    createElement("p", null, createElement("a", { href: unsubscribeUrl }, "Unsubscribe")),
  );
  return html.includes("</body>") ? html.replace("</body>", () => `${link}</body>`) : html + link;
}

function documentOf(email: ReactElement): string {
  return `<!DOCTYPE html>${renderToStaticMarkup(email)}`;
}
