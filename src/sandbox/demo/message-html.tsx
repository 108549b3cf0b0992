import { renderToStaticMarkup } from "react-dom/server";
import type { Message } from "../local-novu/state.ts";

const STYLE = `
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 24px auto; max-width: 420px; padding: 0 16px; }
article { border: 1px solid light-dark(#d9dce3, #343945); border-radius: 8px; padding: 16px; }
span { border: 1px solid; border-radius: 6px; padding: 0 8px; }
`;

/** A message as an HTML page. A message without HTML of its own, such as an in-app note, gets a plain page. */
export function htmlOf({ channel, content }: Message): string {
  const { body } = content;
  if (channel === "email" && typeof body === "string") return body;
  const { subject, primaryAction } = content as { subject?: string; primaryAction?: { label?: string } };
  const page = (
    <html lang="en">
      <head>
        <meta charSet="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>{subject ?? `A message by ${channel}`}</title>
        <style>{STYLE}</style>
      </head>
      <body>
        <article>
          <strong>{subject}</strong>
          <p>{typeof body === "string" ? body : ""}</p>
          {primaryAction?.label === undefined ? null : <span>{primaryAction.label}</span>}
        </article>
      </body>
    </html>
  );
  return `<!DOCTYPE html>${renderToStaticMarkup(page)}`;
}
