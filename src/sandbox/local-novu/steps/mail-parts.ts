import { z } from "zod";
import type { MailParts } from "../state.ts";

const Text = z.string().nullable().catch(null);
const Files = z.array(z.object({ filename: z.string() })).catch([]);
const Headers = z.record(z.string(), z.string()).catch({});
const Body = z.looseObject({
  headers: Headers,
  text: Text,
  Headers: z.array(z.object({ Name: z.string(), Value: z.string() })).catch([]),
  TextBody: Text,
  to: Text,
  To: Text,
  attachments: Files,
  attachment: Files,
  Attachments: z.array(z.object({ Name: z.string() })).catch([]),
});
const Providers = z.record(
  z.string(),
  z
    .object({ _passthrough: z.object({ body: Body }) })
    .optional()
    .catch(undefined),
);

/** The address that replaces the subscriber's address, or null. Each provider has another field for it. */
export function recipientOf(providers: unknown): string | null {
  const [provider, override] = Object.entries(Providers.catch({}).parse(providers ?? {}))[0] ?? [];
  // SendGrid reads its recipients from `personalizations`.
  if (override === undefined || provider === "sendgrid") return null;
  return provider === "postmark" ? override._passthrough.body.To : override._passthrough.body.to;
}

/** The headers, the text and the files of the email, as made for the first provider. */
export function mailPartsOf(providers: unknown): MailParts {
  const [provider, override] = Object.entries(Providers.catch({}).parse(providers ?? {}))[0] ?? [];
  if (override === undefined) return { headers: {}, text: null, attachments: [] };
  const { body } = override._passthrough;
  if (provider === "postmark")
    return {
      headers: Object.fromEntries(body.Headers.map(({ Name, Value }) => [Name, Value])),
      text: body.TextBody,
      attachments: body.Attachments.map(({ Name }) => Name),
    };
  const attachments = [...body.attachments, ...body.attachment].map(({ filename }) => filename);
  if (provider !== "mailgun") return { headers: body.headers, text: body.text, attachments };
  const ofMailgun = Object.entries(body).flatMap(([name, value]) =>
    name.startsWith("h:") ? [[name.slice(2), String(value)] as const] : [],
  );
  return { headers: Object.fromEntries(ofMailgun), text: body.text, attachments };
}
