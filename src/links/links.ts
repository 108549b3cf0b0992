import { z } from "zod";
import type { MessageLink } from "../contracts/link.ts";
import { createTokens } from "../lib/tokens.ts";

/** What a tracked link carries: where it leads, and of which message it is. Who got the message is looked up. */
const LinkToken = z.object({ url: z.string(), transactionId: z.string(), step: z.string() });
export type LinkToken = z.infer<typeof LinkToken>;

/** Longer ones are cut by some mail programs. */
const LONGEST_LINK = 2_000;

/** Says of each link in a message, by `utm_…` and unless told otherwise by a redirect, which message it was in. */
export function createLinks({
  keys,
  publicUrl,
  source,
}: {
  /** Newest first. */
  keys: string[];
  /** Where the redirects are; asked for each link, because a sandbox knows it only once it listens. */
  publicUrl: () => string;
  /** Goes into `utm_source`. */
  source: string;
}) {
  const tokens = createTokens({ keys, purpose: "link", content: LinkToken });

  return {
    /** Of the same message and target always the same. What does not lead to the web stays as it is. */
    link(target: string, { track, ...message }: MessageLink): string {
      if (!isToTheWeb(target)) return target;
      const { transactionId, workflow, step, channel } = message;
      const url = withUtm(target, { source, medium: channel, campaign: workflow, content: step });
      if (!track) return url;
      const tracked = `${publicUrl()}/r/${tokens.make({ url, transactionId, step })}`;
      return tracked.length > LONGEST_LINK ? url : tracked;
    },

    /** What was put into a link; null when it is none of ours, was changed, or does not lead to the web. */
    read(token: string): LinkToken | null {
      const content = tokens.read(token);
      return content !== null && isToTheWeb(content.url) ? content : null;
    },
  };
}

/** Adds to the query what is not in it; the rest stays as it is, to the letter. */
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
