import { z } from "zod";
import type { MailParts } from "../state.ts";

const Text = z.string().nullable().catch(null);
const Headers = z.record(z.string(), z.string()).catch({});
const Body = z.looseObject({
  headers: Headers,
  text: Text,
  Headers: z.array(z.object({ Name: z.string(), Value: z.string() })).catch([]),
  TextBody: Text,
  to: Text,
  To: Text,
});
const Providers = z.record(
  z.string(),
  z
    .object({ _passthrough: z.object({ body: Body }) })
    .optional()
    .catch(undefined),
);

/** The address that is merged over the one of the subscriber: each provider's request has its own word for it. Null when there is none. */
export function recipientOf(providers: unknown): string | null {
  const [provider, said] = Object.entries(Providers.catch({}).parse(providers ?? {}))[0] ?? [];
  // Its recipients are in `personalizations`, which count for more.
  if (said === undefined || provider === "sendgrid") return null;
  return provider === "postmark" ? said._passthrough.body.To : said._passthrough.body.to;
}

/** What the mail that a provider would send has besides subject and HTML; of several providers the first counts. */
export function mailPartsOf(providers: unknown): MailParts {
  const [provider, said] = Object.entries(Providers.catch({}).parse(providers ?? {}))[0] ?? [];
  if (said === undefined) return { headers: {}, text: null };
  const { body } = said._passthrough;
  if (provider === "postmark")
    return {
      headers: Object.fromEntries(body.Headers.map(({ Name, Value }) => [Name, Value])),
      text: body.TextBody,
    };
  if (provider !== "mailgun") return { headers: body.headers, text: body.text };
  const ofMailgun = Object.entries(body).flatMap(([name, value]) =>
    name.startsWith("h:") ? [[name.slice(2), String(value)] as const] : [],
  );
  return { headers: Object.fromEntries(ofMailgun), text: body.text };
}
