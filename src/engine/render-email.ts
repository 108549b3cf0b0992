import { createElement, type ReactElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { UnsubscribeUrl } from "../../emails/_components/unsubscribe-url.ts";

/**
 * The email as HTML, with the way out at `unsubscribeUrl`, also where a template has no place for it;
 * null where there is none, and an example when left out. A third of the cost of react-email's own
 * render(), which streams and may pretty-print.
 */
export function renderEmail(email: ReactElement, unsubscribeUrl?: string | null): string {
  if (unsubscribeUrl === undefined) return documentOf(email);
  const html = documentOf(createElement(UnsubscribeUrl.Provider, { value: unsubscribeUrl }, email));
  if (unsubscribeUrl === null || html.includes(unsubscribeUrl)) return html;
  const wayOut = renderToStaticMarkup(
    createElement("p", null, createElement("a", { href: unsubscribeUrl }, "Unsubscribe")),
  );
  return html.includes("</body>") ? html.replace("</body>", () => `${wayOut}</body>`) : html + wayOut;
}

function documentOf(email: ReactElement): string {
  return `<!DOCTYPE html>${renderToStaticMarkup(email)}`;
}
