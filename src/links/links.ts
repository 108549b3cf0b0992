import type { IncomingHttpHeaders } from "node:http";
import { type Request, type Response, Router } from "express";
import { isbot } from "isbot";
import { z } from "zod";
import type { Decision } from "../contracts/decision.ts";
import type { Report } from "../contracts/report.ts";
import type { MessageLink } from "../contracts/send.ts";
import { describeError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import { createTokens, tokenIn } from "../lib/tokens.ts";

/** The target of a tracked link, and the message of the link. The message's decision has the person. */
const LinkToken = z.object({ url: z.string(), transactionId: z.string(), step: z.string() });
export type LinkToken = z.infer<typeof LinkToken>;

/** Some mail programs cut longer links. */
const LONGEST_LINK = 2_000;

/** Makes the links of messages: with `utm_…`, and with `track` through a redirect that reports clicks. */
export function createLinks({
  keys,
  publicUrl,
  source,
}: {
  /** Newest first. */
  keys: string[];
  /** The public URL of this app. A function, because a sandbox has no URL before it listens. */
  publicUrl: () => string;
  /** The `utm_source`. */
  source: string;
}) {
  const tokens = createTokens({ keys, purpose: "link", content: LinkToken });

  return {
    /** The same message and target always make the same link. A target outside the web stays as it is. */
    link(target: string, { track, ...message }: MessageLink): string {
      if (!isToTheWeb(target)) return target;
      const { transactionId, workflow, step, channel } = message;
      const url = withUtm(target, { source, medium: channel, campaign: workflow, content: step });
      if (!track) return url;
      const tracked = `${publicUrl()}/r/${tokens.make({ url, transactionId, step })}`;
      return tracked.length > LONGEST_LINK ? url : tracked;
    },

    /** Null when the token is not ours, was changed, or does not lead to the web. */
    read(token: string): LinkToken | null {
      const content = tokens.read(token);
      return content !== null && isToTheWeb(content.url) ? content : null;
    },
  };
}

export type Links = ReturnType<typeof createLinks>;

/** Adds the parameters that the query does not have; changes no other character. */
export function withUtm(url: string, parameters: Record<string, string>): string {
  const [, before = "", query, hash = ""] = /^([^?#]*)(\?[^#]*)?(#.*)?$/s.exec(url) ?? [];
  const taken = new Set([...new URLSearchParams(query).keys()].map((name) => name.toLowerCase()));
  const added = Object.entries(parameters)
    .filter(([name]) => !taken.has(`utm_${name}`))
    .map(([name, value]) => `utm_${name}=${encodeURIComponent(value)}`)
    .join("&");
  if (added === "") return url;
  const joint = query === undefined ? "?" : query === "?" || query.endsWith("&") ? "" : "&";
  return `${before}${query ?? ""}${joint}${added}${hash}`;
}

function isToTheWeb(url: string): boolean {
  return /^https?:\/\//i.test(url) && URL.canParse(url);
}

/** `forgotten`: a click on a message without a decision (any more). `lost`: a click that could not be saved. */
type LinkRequest = Visitor | "invalid" | "forgotten" | "lost";

/**
 * Redirects each tracked link to its target, and only there. The answer does not wait for the click to be saved; the
 * first click of a message is reported to PostHog.
 */
export function clickRoutes({
  read,
  decisionsOf,
  report,
  count,
  now,
  log,
}: {
  /** Null when the token is not ours. */
  read(token: string): LinkToken | null;
  decisionsOf(transactionIds: string[]): Promise<Decision[]>;
  report(report: Report): Promise<boolean>;
  count(request: LinkRequest): void;
  now(): number;
  log: Log;
}) {
  const inProgress = new Set<Promise<void>>();
  return {
    /** `GET /r/:token` */
    router: Router().use("/r", (request, response, next) => {
      if (request.method !== "GET" && request.method !== "HEAD") return next();
      const link = read(tokenIn(request.path));
      if (link === null) return refuse(response);
      forward(response, link.url);
      follow(request, link);
    }),
    /** Resolves when no click is being saved. */
    async idle(): Promise<void> {
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
    const saving = save(link)
      .catch((error: unknown) => {
        count("lost");
        const { transactionId, step } = link;
        const facts = { component: "links", outcome: "lost", status: "clicked", transactionId, step };
        log.error({ ...facts, error: describeError(error) });
      })
      .finally(() => inProgress.delete(saving));
    inProgress.add(saving);
  }

  async function save(link: LinkToken): Promise<void> {
    const { transactionId, step, url } = link;
    const decision = (await decisionsOf([transactionId])).find((one) => one.step === step);
    // A person who was deleted is not reported again.
    if (decision === undefined) return count("forgotten");
    const { distinctId, workflow, channel, template, variants } = decision;
    const facts = { distinctId, workflow, transactionId, step, channel, template, variants };
    const at = new Date(now()).toISOString();
    const isFirst = await report({ status: "clicked", ...facts, properties: { url: withoutQuery(url) }, at });
    if (isFirst) log.info({ component: "links", outcome: "clicked", workflow, transactionId, step });
  }
}

function forward(response: Response, url: string): void {
  // The target must not get the token as its referrer.
  response.set({ "cache-control": "no-store", "referrer-policy": "no-referrer", "x-robots-tag": "noindex" });
  response.status(302).location(withAsciiHost(url)).end();
}

/** Express would encode a host such as `bücher.example` as `b%C3%BCcher.example`, which no browser finds. */
function withAsciiHost(url: string): string {
  const [, before = "", host = "", after = ""] = /^(https?:\/\/(?:[^/?#]*@)?)([^/?#]*)(.*)$/is.exec(url) ?? [];
  return /^[\x21-\x7e]*$/.test(host) ? url : before + new URL(url).host + after;
}

/** The URL without its query, which may have personal data. */
function withoutQuery(url: string): string {
  const { host, pathname } = new URL(url);
  return host + pathname;
}

/** A person, or a machine that fetches the link before the person does. */
type Visitor = "click" | "scanner" | "prefetch" | "head";

/** Office and the new Outlook fetch a link before they open the browser; the others are mail filters that isbot may take for browsers. */
const MAIL_PROGRAMS =
  /ms-office|MSOffice|OneOutlook|Microsoft Office|MicrosoftPreview|SafeLinks|barracuda|mimecast|proofpoint|GoogleImageProxy|YahooMailProxy|symantec|messagelabs|fireeye|trendmicro|sophos|ironport|zscaler|forcepoint|cloudmark/i;
/** Headers of browsers and apps that fetch a page in advance, in all spellings. */
const ANNOUNCEMENTS = ["sec-purpose", "purpose", "x-purpose", "x-moz"];

/** The visitor, from the headers of the request. A filter that sends the headers of a browser counts as a person. */
export function visitorOf({ method, headers }: { method?: string; headers: IncomingHttpHeaders }): Visitor {
  if (method === "HEAD") return "head";
  if (ANNOUNCEMENTS.some((name) => /prefetch|prerender|preview/i.test(String(headers[name] ?? "")))) return "prefetch";
  // The new Outlook sends this header with its own requests, and a browser does not.
  if (headers["x-native-host"] !== undefined) return "scanner";
  const agent = headers["user-agent"] ?? "";
  return agent.trim() === "" || isbot(agent) || MAIL_PROGRAMS.test(agent) ? "scanner" : "click";
}
