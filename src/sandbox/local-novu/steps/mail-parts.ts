import { z } from "zod";
import type { MailParts } from "../state.ts";

const Text = z.string().nullable().catch(null);
const Headers = z.record(z.string(), z.string()).catch({});
const Body = z.looseObject({
  headers: Headers,
  text: Text,
  Headers: z.array(z.object({ Name: z.string(), Value: z.string() })).catch([]),
  TextBody: Text,
});
const Providers = z.record(
  z.string(),
  z
    .object({ _passthrough: z.object({ body: Body }) })
    .optional()
    .catch(undefined),
);

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
