import { type Request, type Response, Router } from "express";
import { z } from "zod";
import type { Locale, Locales } from "../contracts/locale.ts";
import { ALL, type OptOutChange, type OptOuts, workflowTopic } from "../contracts/opt-out.ts";
import type { Report } from "../contracts/report.ts";
import { describeError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import { createTokens, tokenIn } from "../lib/tokens.ts";
import { BodyError, readBody } from "../lib/webhook-endpoint.ts";
import { readerLocale } from "./reader-locale.ts";
import type { UnsubscribePage } from "./unsubscribe-page.tsx";

/** The message that an unsubscribe link is in, and its topic. */
export interface UnsubscribeLink {
  distinctId: string;
  topic: string;
  workflow: string;
  step: string;
  /** Empty for a message that was sent by hand from Novu's dashboard. */
  transactionId: string;
  /** The locale of the message. Absent in links of earlier versions. */
  locale?: string | undefined;
}

/** Short names, because the link is also in an email header. */
const Content = z.object({
  d: z.string().min(1),
  t: z.string().min(1),
  w: z.string(),
  s: z.string(),
  r: z.string(),
  l: z.string().optional(),
});

/** Links that opt one person out of one topic. They never expire. */
export function createUnsubscribeLinks({
  keys,
  publicUrl,
}: {
  /** Newest first. */
  keys: string[];
  /** The public URL of this app. */
  publicUrl(): string;
}) {
  const tokens = createTokens({ keys, purpose: "unsubscribe", content: Content });
  return {
    urlOf({ distinctId, topic, workflow, step, transactionId, locale }: UnsubscribeLink): string {
      const content = { d: distinctId, t: topic, w: workflow, s: step, r: transactionId, l: locale };
      return `${publicUrl()}/u/${tokens.make(content)}`;
    },
    read(token: string): UnsubscribeLink | null {
      const content = tokens.read(token);
      if (content === null) return null;
      const { d: distinctId, t: topic, w: workflow, s: step, r: transactionId, l: locale } = content;
      return { distinctId, topic, workflow, step, transactionId, locale };
    },
  };
}

/** Much more than a mail client or the page sends. */
const LARGEST_BODY = 10_000;
const RETRY_AFTER_SECONDS = 30;

/** The result of a request at an unsubscribe link. */
type UnsubscribeOutcome = "shown" | "one click" | "chosen" | Refused;
type Done = Parameters<UnsubscribePage["preferences"]>[0]["done"];
type Refused = "unknown link" | "unknown topic" | "not complete" | "store down";

/** The request: opt out of the link's topic, or keep only these topics. */
type Order = "one click" | { topics: string[] };

/** Every path. Express would decode a parameter, and refuses `TOKEN%`. */
const LINK = /^\/./;

/** A refused request. The page shows the reason. */
class Refusal extends Error {
  readonly status: number;
  readonly reason: Refused;

  constructor(status: number, reason: Refused) {
    super(reason);
    this.status = status;
    this.reason = reason;
  }
}

/**
 * `POST /:token` changes the opt-outs at once, as RFC 8058 requires: no login, no cookie, no redirect, and 200 means
 * that the change is on disk. `GET` shows the page and changes nothing, because link scanners fetch it.
 */
export function unsubscribeRoutes({
  read,
  page,
  topics,
  locales,
  marketing,
  optOutsOf,
  changeOptOuts,
  count,
  now,
  log,
}: {
  read(token: string): UnsubscribeLink | null;
  page: UnsubscribePage;
  /** By topic. */
  topics: Record<string, unknown>;
  locales: Locales;
  /** The workflows with a topic. */
  marketing: Array<{ id: string; topic: string }>;
  optOutsOf(distinctId: string): Promise<OptOuts>;
  changeOptOuts(change: OptOutChange): Promise<unknown>;
  count(outcome: UnsubscribeOutcome): void;
  now(): number;
  log: Log;
}): Router {
  return Router()
    .get(LINK, (request, response) =>
      answer(request, response, async (locale) => {
        const link = linkOf(request);
        return { outcome: "shown", html: await pageOf(link, null, locale) };
      }),
    )
    .post(LINK, (request, response) =>
      answer(request, response, async (locale) => {
        const link = linkOf(request);
        const order = await orderOf(request);
        const done = order === "one click" ? await optOut(link) : await keepOnly(link, order.topics);
        const outcome = order === "one click" ? "one click" : "chosen";
        const { topic, workflow, step, transactionId } = link;
        log.info({ component: "opt-outs", outcome, topic, workflow, step, transactionId });
        return { outcome, html: await pageOf(link, done, locale) };
      }),
    );

  function linkOf(request: Request): UnsubscribeLink {
    const link = read(tokenIn(request.path));
    if (link === null) throw new Refusal(404, "unknown link");
    return link;
  }

  async function orderOf(request: Request): Promise<Order> {
    const form = await formOf(request);
    const chosen = form.get("choose");
    if (chosen === "none") return { topics: [] };
    // Some mail programs send RFC 8058's form in another way, or no body: the address alone has the person and the topic.
    if (chosen !== "topics") return "one click";
    const wanted = form.getAll("topic").map(String);
    const unknown = wanted.find((topic) => !Object.hasOwn(topics, topic));
    if (unknown !== undefined) throw new Refusal(400, "unknown topic");
    return { topics: wanted };
  }

  async function optOut(link: UnsubscribeLink): Promise<Done> {
    const topic = topicOf(link);
    await change(link, { off: [topic ?? ALL], on: [] });
    return topic === null ? "everything" : "topic";
  }

  /** Opts out of the other topics, and takes back the opt-outs from the wanted topics and from their workflows. */
  async function keepOnly(link: UnsubscribeLink, wanted: string[]): Promise<Done> {
    const { off } = await optOutsOf(link.distinctId);
    const isNone = wanted.length === 0;
    const workflowTopics = marketing.filter(({ topic }) => wanted.includes(topic)).map(({ id }) => workflowTopic(id));
    await change(link, {
      off: isNone ? [ALL] : Object.keys(topics).filter((topic) => !wanted.includes(topic)),
      on: isNone ? [] : off.filter((one) => [ALL, ...wanted, ...workflowTopics].includes(one)),
    });
    return isNone ? "everything" : "other";
  }

  async function change(link: UnsubscribeLink, { off, on }: Pick<OptOutChange, "off" | "on">): Promise<void> {
    const at = new Date(now()).toISOString();
    await changeOptOuts({ distinctId: link.distinctId, off, on, cause: "link", at, report: reportOf(link, off, at) });
  }

  async function pageOf(link: UnsubscribeLink, done: Done, locale: Locale): Promise<string> {
    const { off } = await optOutsOf(link.distinctId);
    return page.preferences({ topic: topicOf(link), off: { all: off.includes(ALL), topics: off }, done }, locale);
  }

  /** Null when the topic was removed from the code. */
  function topicOf({ topic }: UnsubscribeLink): string | null {
    return Object.hasOwn(topics, topic) ? topic : null;
  }

  async function answer(
    request: Request,
    response: Response,
    run: (locale: Locale) => Promise<{ outcome: UnsubscribeOutcome; html: string }>,
  ): Promise<void> {
    const locale = readerLocale(request, read(tokenIn(request.path))?.locale, locales);
    response.set(page.headers);
    try {
      const { outcome, html } = await run(locale);
      count(outcome);
      response.status(200).send(html);
    } catch (error) {
      const refusal = refusalOf(error);
      count(refusal.reason);
      // Unknown tokens can come in any number, so they are counted and not logged.
      if (refusal.reason !== "unknown link")
        log.warn({
          component: "opt-outs",
          answer: refusal.status,
          outcome: refusal.reason,
          ...(refusal !== error && { error: describeError(error) }),
        });
      if (refusal.status === 503) response.set("retry-after", String(RETRY_AFTER_SECONDS));
      response.status(refusal.status).send(page.refusal(refusal.reason, locale));
    }
  }
}

/** Null if nothing is reported to PostHog: without a new opt-out, or for a message sent by hand, which has no run. */
function reportOf(link: UnsubscribeLink, off: string[], at: string): Report | null {
  const { distinctId, workflow, step, transactionId } = link;
  if (transactionId === "" || off.length === 0) return null;
  const about = { distinctId, workflow, step, transactionId, channel: "email", template: null, variants: {} } as const;
  return { status: "unsubscribed", ...about, properties: { topics: off.join(", ") }, at };
}

/** The form of the page, or RFC 8058's in one of its two encodings; an empty form if the body is neither. */
async function formOf(request: Request): Promise<FormData> {
  const bytes = await readBody(request, LARGEST_BODY);
  try {
    const headers = { "content-type": request.get("content-type") ?? "" };
    return await new globalThis.Response(bytes, { headers }).formData();
  } catch {
    return new FormData();
  }
}

function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof BodyError) return new Refusal(error.status, "not complete");
  return new Refusal(503, "store down");
}
