import type { IncomingHttpHeaders } from "node:http";
import { isbot } from "isbot";

/** What asks for a link: a person, or a machine that looks at it before the person does. */
export type Visitor = "click" | "scanner" | "prefetch" | "head";

/** Office asks for a link before it opens the browser; the rest are mail filters that isbot takes for browsers, or may. */
const MAIL_PROGRAMS =
  /ms-office|MSOffice|Microsoft Office|MicrosoftPreview|SafeLinks|barracuda|mimecast|proofpoint|GoogleImageProxy|YahooMailProxy|symantec|messagelabs|fireeye|trendmicro|sophos|ironport|zscaler|forcepoint|cloudmark/i;
/** Of browsers and apps that fetch a page before anybody asks for it, in the spellings of all times. */
const ANNOUNCEMENTS = ["sec-purpose", "purpose", "x-purpose", "x-moz"];

/** Who asks, by what the request says of itself; a filter that poses as a browser is taken for a person. */
export function visitorOf({ method, headers }: { method?: string; headers: IncomingHttpHeaders }): Visitor {
  if (method === "HEAD") return "head";
  if (ANNOUNCEMENTS.some((name) => /prefetch|prerender|preview/i.test(String(headers[name] ?? "")))) return "prefetch";
  const agent = headers["user-agent"] ?? "";
  return agent.trim() === "" || isbot(agent) || MAIL_PROGRAMS.test(agent) ? "scanner" : "click";
}
