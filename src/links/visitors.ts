import type { IncomingHttpHeaders } from "node:http";
import { isbot } from "isbot";

/** A person, or a machine that fetches the link before the person does. */
export type Visitor = "click" | "scanner" | "prefetch" | "head";

/** Office fetches a link before it opens the browser; the others are mail filters that isbot may take for browsers. */
const MAIL_PROGRAMS =
  /ms-office|MSOffice|Microsoft Office|MicrosoftPreview|SafeLinks|barracuda|mimecast|proofpoint|GoogleImageProxy|YahooMailProxy|symantec|messagelabs|fireeye|trendmicro|sophos|ironport|zscaler|forcepoint|cloudmark/i;
/** Headers of browsers and apps that fetch a page in advance, in all spellings. */
const ANNOUNCEMENTS = ["sec-purpose", "purpose", "x-purpose", "x-moz"];

/** From the headers of the request; a filter that poses as a browser counts as a person. */
export function visitorOf({ method, headers }: { method?: string; headers: IncomingHttpHeaders }): Visitor {
  if (method === "HEAD") return "head";
  if (ANNOUNCEMENTS.some((name) => /prefetch|prerender|preview/i.test(String(headers[name] ?? "")))) return "prefetch";
  const agent = headers["user-agent"] ?? "";
  return agent.trim() === "" || isbot(agent) || MAIL_PROGRAMS.test(agent) ? "scanner" : "click";
}
