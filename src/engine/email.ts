import { plainTextSelectors } from "@react-email/components";
import { compile } from "html-to-text";
import { createElement, type ReactElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { UnsubscribeUrl } from "../../emails/_components/unsubscribe-url.ts";
import type { EmailProvider } from "../contracts/channel.ts";

/**
 * The email as HTML. If the template has no link to `unsubscribeUrl`, the link is added at the end. `unsubscribeUrl` is
 * null for an email without an opt-out, and undefined for an example link. Rendering takes a third of the time of
 * react-email's render(), which streams and may pretty-print.
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

/** As react-email's toPlainText(), which compiles these options again in each call, and so takes five times as long. */
export const plainText: (html: string) => string = compile({ wordwrap: false, selectors: plainTextSelectors });

/** The parts of an email that a step's output has no fields for. */
interface EmailParts {
  /** The address that replaces the subscriber's; null if the subscriber's is right. */
  to: string | null;
  headers: Record<string, string>;
  text: string;
}

/** The parts as fields of one provider's API, into which Novu merges them. */
type Body = Record<string, unknown>;

const inHeadersAndText = ({ to, headers, text }: EmailParts): Body => ({ headers, text, ...(to !== null && { to }) });

/** Sources: the APIs of these providers, and Novu's packages/providers, which shows where Novu merges. */
const BODY_OF: Record<EmailProvider, (parts: EmailParts) => Body> = {
  sendgrid: inHeadersAndText,
  resend: inHeadersAndText,
  ses: inHeadersAndText,
  nodemailer: inHeadersAndText,
  postmark: ({ to, headers, text }) => ({
    ...(to !== null && { To: to }),
    Headers: Object.entries(headers).map(([Name, Value]) => ({ Name, Value })),
    TextBody: text,
  }),
  mailgun: ({ to, headers, text }) => ({
    ...(to !== null && { to }),
    ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [`h:${name}`, value])),
    text,
  }),
};

/** SendGrid's request also has a list of recipients, which wins over `to`. */
const ACCEPTS_RECIPIENT: Record<EmailProvider, boolean> = {
  sendgrid: false,
  resend: true,
  ses: true,
  nodemailer: true,
  postmark: true,
  mailgun: true,
};

/** Whether each of these providers accepts another recipient with an email. */
export function acceptRecipient(providers: EmailProvider[]): boolean {
  return providers.length > 0 && providers.every((provider) => ACCEPTS_RECIPIENT[provider]);
}

/**
 * A step's `providers` option: headers, text part and recipient for each configured provider. Other providers are left
 * out, because the framework runs every entry, and an entry that fails makes the step fail.
 */
export function emailOverrides<Output>(providers: EmailProvider[], partsOf: (output: Output) => EmailParts) {
  return Object.fromEntries(
    providers.map((provider) => [
      provider,
      ({ outputs }: { outputs: Output }) => ({ _passthrough: { body: BODY_OF[provider](partsOf(outputs)) } }),
    ]),
  );
}

/** One-click unsubscribe (RFC 8058) and the list's id (RFC 2919); empty for an email without an unsubscribe link. */
export function unsubscribeHeaders(unsubscribeUrl: string | null, topic: string | null): Record<string, string> {
  if (unsubscribeUrl === null || topic === null) return {};
  return {
    "List-Unsubscribe": oneLine(`<${unsubscribeUrl}>`),
    "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    "List-ID": oneLine(`<${topic}.${new URL(unsubscribeUrl).hostname}>`),
  };
}

/** Replaces line breaks and control characters, which would end a header or be invisible in it, by blanks. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]+/gu, " ").trim();
}
