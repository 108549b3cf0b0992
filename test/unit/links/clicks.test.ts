import { expect, it } from "vitest";
import { visitorOf } from "../../../src/links/clicks.ts";

const CHROME =
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";
const IPHONE =
  "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148";
const OUTLOOK = "Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0; Microsoft Outlook 16.0.5) like Gecko";

it.each([
  ["click", { "user-agent": CHROME }],
  ["click", { "user-agent": IPHONE }],
  ["click", { "user-agent": OUTLOOK }],
  ["click", { "user-agent": CHROME, purpose: "navigation" }],
  ["prefetch", { "user-agent": CHROME, "sec-purpose": "prefetch;prerender" }],
  ["prefetch", { "user-agent": CHROME, purpose: "prefetch" }],
  ["prefetch", { "user-agent": IPHONE, "x-purpose": "preview" }],
  ["prefetch", { "user-agent": CHROME, "x-moz": "prefetch" }],
  ["scanner", {}],
  ["scanner", { "user-agent": " " }],
  ["scanner", { "user-agent": "BarracudaCentral/1.0" }],
  ["scanner", { "user-agent": `${CHROME} Mimecast` }],
  ["scanner", { "user-agent": "Mozilla/5.0 (compatible; Proofpoint URL Defense)" }],
  ["scanner", { "user-agent": "Mozilla/5.0 Firefox/11.0 (via ggpht.com GoogleImageProxy)" }],
  ["scanner", { "user-agent": "Mozilla/4.0 (compatible; ms-office; MSOffice 16)" }],
  ["scanner", { "user-agent": "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5" }],
  ["scanner", { "user-agent": `${CHROME} MicrosoftPreview/2.0` }],
  ["scanner", { "user-agent": "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)" }],
  ["scanner", { "user-agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)" }],
  ["scanner", { "user-agent": "curl/8.5.0" }],
])("a %s asks with %o", (visitor, headers) => {
  expect(visitorOf({ method: "GET", headers })).toBe(visitor);
  expect(visitorOf({ method: "HEAD", headers })).toBe("head");
});
