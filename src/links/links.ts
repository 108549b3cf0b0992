import { z } from "zod";
import type { MessageLink } from "../contracts/send.ts";
import { createTokens } from "../lib/tokens.ts";

/** The target of a tracked link, and its message. The decision has the person. */
const LinkToken = z.object({ url: z.string(), transactionId: z.string(), step: z.string() });
export type LinkToken = z.infer<typeof LinkToken>;

/** Some mail programs cut longer ones. */
const LONGEST_LINK = 2_000;

/** Marks the links of a message with `utm_…`, and by default leads them through a redirect that tracks clicks. */
export function createLinks({
  keys,
  publicUrl,
  source,
}: {
  /** Newest first. */
  keys: string[];
  /** The URL of this app for others. A function, because a sandbox has it only once it listens. */
  publicUrl: () => string;
  /** Goes into `utm_source`. */
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
