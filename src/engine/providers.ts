import type { EmailProvider } from "../contracts/channel.ts";
import { type EmailParts, partsFor } from "./email-providers.ts";
import type { NovuStep } from "./guarded-step.ts";
import type { Awaitable, MessageMoment } from "./moment.ts";

/** The channels as Novu's `step` names them. */
export type StepName = "email" | "inApp" | "push" | "sms" | "chat" | "tool";

type NovuOptions<Name extends StepName> = NonNullable<Parameters<NovuStep[Name]>[2]>;
type NovuProviders<Name extends StepName> = NonNullable<NovuOptions<Name>["providers"]>;
type RequestOf<Provide> = Provide extends (...input: never[]) => infer Request ? Request : never;

/**
 * Functions that add to the request to a provider, by the provider's id at Novu. `_passthrough.body` is merged last into
 * the request. The recipient is not a part of it.
 */
export type Providers<Name extends StepName, Controls, Output> = {
  [Provider in keyof NovuProviders<Name>]?: (
    moment: MessageMoment<Controls> & { output: Output },
  ) => Awaitable<RequestOf<NonNullable<NovuProviders<Name>[Provider]>>>;
};

type Request = Record<string, unknown>;

/** Fields of providers' APIs that name who gets a message. */
const RECIPIENTS = ["to", "cc", "bcc", "personalizations", "recipients", "recipient", "destination"];

/** The framework's call of one entry: the step's controls, and the output of its resolver. */
interface Resolved<Output> {
  controls: unknown;
  outputs: Output;
}

type Provide = (moment: never) => Awaitable<Request>;

/**
 * A step's `providers` option: the workflow's own functions, and for an email the parts for each configured provider.
 * The framework runs every entry at each call, and an entry that fails makes the step fail.
 */
export function novuProviders<Output>({
  own = {},
  configured,
  request,
  partsOf,
}: {
  own: object | undefined;
  /** The email providers to make parts for; empty on other channels. */
  configured: EmailProvider[];
  /** Runs one of the workflow's own functions. */
  request(provide: Provide, resolved: Resolved<Output>): Promise<Request>;
  /** The parts of an email; undefined on other channels. */
  partsOf: ((resolved: Resolved<Output>) => EmailParts) | undefined;
}) {
  return Object.fromEntries(
    providerIds(own, configured).map((id) => [
      id,
      async (resolved: Resolved<Output>) => {
        const provide = (own as Record<string, Provide>)[id];
        const asked = provide === undefined ? {} : withoutRecipient(id, await request(provide, resolved));
        const provider = configured.find((one) => one === id);
        return provider === undefined || partsOf === undefined
          ? asked
          : merged(asked, partsFor(provider, partsOf(resolved)));
      },
    ]),
  );
}

/** The configured providers of emails, and those of the workflow's own functions. */
export function providerIds(own: object | undefined, configured: EmailProvider[]): string[] {
  return own === undefined ? configured : [...new Set([...configured, ...Object.keys(own)])];
}

/** Throws for a request that names another recipient, because the guards have not checked that one. */
function withoutRecipient(provider: string, request: Request): Request {
  const { _passthrough: { body = {} } = {}, ...known } = request as { _passthrough?: { body?: Request } };
  const found = [...Object.keys(known), ...Object.keys(body)].find((key) => RECIPIENTS.includes(key.toLowerCase()));
  if (found === undefined) return request;
  throw new Error(`the request to "${provider}" has "${found}"; a message goes only to the person of its run`);
}

/** Both requests in one; lists are joined, and of two other values the second one counts. */
function merged(first: Request, second: Request): Request {
  const both = { ...first };
  for (const [key, value] of Object.entries(second)) {
    const before = both[key];
    if (Array.isArray(before) && Array.isArray(value)) both[key] = [...before, ...value];
    else if (isObject(before) && isObject(value)) both[key] = merged(before, value);
    else both[key] = value;
  }
  return both;
}

function isObject(value: unknown): value is Request {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
