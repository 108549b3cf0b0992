import { type Request, type Response, Router } from "express";
import type { Capture } from "../contracts/capture.ts";
import { ALL, type OptOutChange, type OptOuts, workflowTopic } from "../contracts/opt-out.ts";
import { describeError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import { BodyError, readBody } from "../lib/read-body.ts";
import type { UnsubscribeLink } from "./unsubscribe-links.ts";
import type { UnsubscribePage } from "./unsubscribe-page.tsx";

/** Many times what a mail client or the page sends. */
const LARGEST_BODY = 10_000;
const RETRY_AFTER_SECONDS = 30;

/** How a request at an unsubscribe link ended. */
export type UnsubscribeOutcome =
  | "shown"
  | "one click"
  | "chosen"
  | "unknown link"
  | "unknown topic"
  | "not understood"
  | "store down";

/** What somebody wants: not this link's topic, or just these topics. */
type Wish = "not this" | { topics: string[] };

/** Why a request is not done; `status` says it in HTTP's words. */
class Refusal extends Error {
  readonly status: number;
  readonly outcome: UnsubscribeOutcome;

  constructor(status: number, outcome: UnsubscribeOutcome, message: string) {
    super(message);
    this.status = status;
    this.outcome = outcome;
  }
}

/**
 * `POST /:token` acts at once, as RFC 8058 asks: no login, no cookie, no redirect, and 200 means that
 * it is on disk. `GET` shows what can be chosen and changes nothing, because scanners of links fetch it.
 */
export function unsubscribeRoutes({
  read,
  page,
  topics,
  marketing,
  optOutsOf,
  choose,
  count,
  now,
  log,
}: {
  read(token: string): UnsubscribeLink | null;
  page: UnsubscribePage;
  /** The topics that people can turn off, and the words for each. */
  topics: Record<string, string>;
  /** The workflows that people can turn off. */
  marketing: Array<{ id: string; topic: string }>;
  optOutsOf(distinctId: string): Promise<OptOuts>;
  choose(choice: OptOutChange): Promise<unknown>;
  count(outcome: UnsubscribeOutcome): void;
  now(): number;
  log: Log;
}): Router {
  return Router()
    .get("/:token", (request, response) =>
      answer(response, async () => {
        const link = linkOf(request);
        return { outcome: "shown", html: await pageOf(link, null) };
      }),
    )
    .post("/:token", (request, response) =>
      answer(response, async () => {
        const link = linkOf(request);
        const wish = await wishOf(request);
        const done = wish === "not this" ? await turnOff(link) : await keepOnly(link, wish.topics);
        const outcome = wish === "not this" ? "one click" : "chosen";
        const { topic, workflow, step, transactionId } = link;
        log.info({ component: "unsubscribe", outcome, topic, workflow, step, transactionId });
        return { outcome, html: await pageOf(link, done) };
      }),
    );

  function linkOf(request: Request): UnsubscribeLink {
    const link = read(String(request.params.token));
    if (link !== null) return link;
    throw new Refusal(404, "unknown link", "Take the link just as it is in the email, to its last letter.");
  }

  async function wishOf(request: Request): Promise<Wish> {
    const form = await formOf(request);
    if (form.get("List-Unsubscribe") === "One-Click") return "not this";
    const wanted = form.getAll("topic").map(String);
    if (form.get("choose") === "none") return { topics: [] };
    if (form.get("choose") !== "topics")
      throw new Refusal(400, "not understood", "This is not what the page or a mail client sends.");
    const unknown = wanted.find((topic) => !Object.hasOwn(topics, topic));
    if (unknown !== undefined) throw new Refusal(400, "unknown topic", "There is no such topic.");
    return { topics: wanted };
  }

  async function turnOff(link: UnsubscribeLink): Promise<string> {
    const topic = topicOf(link);
    await change(link, { off: [topic ?? ALL], on: [] });
    return topic === null ? "You get no more marketing" : `You get no more of “${topics[topic]}”`;
  }

  /** What they do not want goes off, and what they had turned off, and want now, on again. */
  async function keepOnly(link: UnsubscribeLink, wanted: string[]): Promise<string> {
    const { off } = await optOutsOf(link.distinctId);
    const isNothing = wanted.length === 0;
    const ofWanted = marketing.filter(({ topic }) => wanted.includes(topic)).map(({ id }) => workflowTopic(id));
    await change(link, {
      off: isNothing ? [ALL] : Object.keys(topics).filter((topic) => !wanted.includes(topic)),
      on: isNothing ? [] : off.filter((one) => [ALL, ...wanted, ...ofWanted].includes(one)),
    });
    return isNothing ? "You get no more marketing" : "Your choice is saved";
  }

  async function change(link: UnsubscribeLink, { off, on }: Pick<OptOutChange, "off" | "on">): Promise<void> {
    const at = new Date(now()).toISOString();
    await choose({ distinctId: link.distinctId, off, on, cause: "link", at, capture: captureOf(link, off, at) });
  }

  async function pageOf(link: UnsubscribeLink, done: string | null): Promise<string> {
    const { off } = await optOutsOf(link.distinctId);
    return page.choices({ topic: topicOf(link), off: { all: off.includes(ALL), topics: off }, done });
  }

  /** Null when it is no more among the topics: nobody knows what it has become. */
  function topicOf({ topic }: UnsubscribeLink): string | null {
    return Object.hasOwn(topics, topic) ? topic : null;
  }

  async function answer(
    response: Response,
    act: () => Promise<{ outcome: UnsubscribeOutcome; html: string }>,
  ): Promise<void> {
    response.set(page.headers);
    try {
      const { outcome, html } = await act();
      count(outcome);
      response.status(200).send(html);
    } catch (error) {
      const refusal = refusalOf(error);
      count(refusal.outcome);
      // Anybody can send unknown tokens in any number, so they are counted and not logged.
      if (refusal.outcome !== "unknown link")
        log.warn({ component: "unsubscribe", answer: refusal.status, outcome: refusal.outcome, ...causeOf(error) });
      if (refusal.status === 503) response.set("retry-after", String(RETRY_AFTER_SECONDS));
      response.status(refusal.status).send(page.refusal(refusal.message));
    }
  }
}

/** One that a colleague sent by hand is of no run, and not told to PostHog. */
function captureOf(link: UnsubscribeLink, off: string[], at: string): Capture | null {
  const { distinctId, workflow, step, transactionId } = link;
  if (transactionId === "" || off.length === 0) return null;
  const about = { distinctId, workflow, step, transactionId, channel: "email", template: null, variants: {} } as const;
  return { status: "unsubscribed", ...about, properties: { topics: off.join(", ") }, at };
}

/** RFC 8058 lets it be either kind of form. */
async function formOf(request: Request): Promise<FormData> {
  const bytes = await readBody(request, LARGEST_BODY);
  try {
    const headers = { "content-type": request.get("content-type") ?? "" };
    return await new globalThis.Response(bytes, { headers }).formData();
  } catch {
    throw new Refusal(400, "not understood", "This is not what the page or a mail client sends.");
  }
}

function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof BodyError)
    return new Refusal(error.status, "not understood", "This is too large, or was cut off.");
  return new Refusal(503, "store down", "It cannot be kept just now, so nothing has changed. Please try again soon.");
}

function causeOf(error: unknown): { error?: string } {
  return error instanceof Refusal ? {} : { error: describeError(error) };
}
