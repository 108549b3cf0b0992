import { type Request, type Response, Router } from "express";
import type { Capture } from "../contracts/capture.ts";
import type { Decision } from "../contracts/decision.ts";
import { describeError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import type { LinkToken } from "./links.ts";
import { type Visitor, visitorOf } from "./visitors.ts";

/** What a request for a link was; `forgotten`: a click of which we do not know the message any more, `lost`: one that could not be kept. */
export type LinkRequest = Visitor | "invalid" | "forgotten" | "lost";

export interface Clicks {
  /** `GET /r/:token` */
  router: Router;
  /** Resolves when no click is on its way into the store. */
  idle(): Promise<void>;
}

/**
 * Sends whoever follows a link of a message on to its target, and only there. The answer comes first,
 * whatever becomes of the click: the first one of a message is told to PostHog.
 */
export function clickRoutes({
  read,
  decisionsOf,
  capture,
  count,
  now,
  log,
}: {
  /** What is in a token; null when it is none of ours. */
  read(token: string): LinkToken | null;
  decisionsOf(transactionIds: string[]): Promise<Decision[]>;
  capture(capture: Capture): Promise<boolean>;
  count(request: LinkRequest): void;
  now(): number;
  log: Log;
}): Clicks {
  const inProgress = new Set<Promise<void>>();
  return {
    router: Router().use("/r", (request, response, next) => {
      if (request.method !== "GET" && request.method !== "HEAD") return next();
      // Taken as it came: a token that cannot be decoded is as wrong as any other.
      const link = read(request.path.replace(/^\/|\/$/g, ""));
      if (link === null) return refuse(response);
      forward(response, link.url);
      follow(request, link);
    }),
    async idle() {
      while (inProgress.size > 0) await Promise.all(inProgress);
    },
  };

  function refuse(response: Response): void {
    count("invalid");
    response.status(404).type("text/plain").set("cache-control", "no-store");
    response.send("This link is not complete or not valid. Please open it from the message once more.\n");
  }

  function follow(request: Request, link: LinkToken): void {
    const visitor = visitorOf(request);
    count(visitor);
    if (visitor !== "click") return;
    const keeping = keep(link)
      .catch((error: unknown) => {
        count("lost");
        log.error({
          component: "attribution",
          outcome: "lost",
          status: "clicked",
          ...about(link),
          error: describeError(error),
        });
      })
      .finally(() => inProgress.delete(keeping));
    inProgress.add(keeping);
  }

  async function keep(link: LinkToken): Promise<void> {
    const { transactionId, step, url } = link;
    const decision = (await decisionsOf([transactionId])).find((one) => one.step === step);
    // Of a person who was deleted nothing is told again.
    if (decision === undefined) return count("forgotten");
    const { distinctId, workflow, channel, template, variants } = decision;
    const facts = { distinctId, workflow, transactionId, step, channel, template, variants };
    const at = new Date(now()).toISOString();
    const isFirst = await capture({ status: "clicked", ...facts, properties: { url: withoutQuery(url) }, at });
    if (isFirst) log.info({ component: "attribution", outcome: "clicked", workflow, ...about(link) });
  }
}

function forward(response: Response, url: string): void {
  // The page is not to learn the token, which is in the address that the reader came by.
  response.set({ "cache-control": "no-store", "referrer-policy": "no-referrer", "x-robots-tag": "noindex" });
  response.status(302).location(url).end();
}

/** What a query carries may be personal. */
function withoutQuery(url: string): string {
  const { host, pathname } = new URL(url);
  return host + pathname;
}

function about({ transactionId, step }: LinkToken) {
  return { transactionId, step };
}
