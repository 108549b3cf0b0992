import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createTokens } from "../../../src/lib/tokens.ts";
import { createLinks, visitorOf, withUtm } from "../../../src/links/links.ts";

const message = { transactionId: "u:w", workflow: "w", step: "welcome", channel: "email", track: true } as const;
const UTM = "utm_source=lifecycle&utm_medium=email&utm_campaign=w&utm_content=welcome";
const links = linksWith(["the-newest-signing-key", "an-older-signing-key"]);

function linksWith(keys: string[]) {
  return createLinks({ keys, publicUrl: () => "https://bridge.acme.example", source: "lifecycle" });
}

/** The contents of a tracked link. */
function contentOf(link: string) {
  expect(link).toMatch(/^https:\/\/bridge\.acme\.example\/r\/[\w-]+$/);
  return links.read(link.split("/r/")[1]!);
}

describe("a link", () => {
  it.each([
    ["https://a.example", `https://a.example?${UTM}`],
    ["https://a.example/p?x=1", `https://a.example/p?x=1&${UTM}`],
    ["https://a.example/p?", `https://a.example/p?${UTM}`],
    ["https://a.example/p?x&", `https://a.example/p?x&${UTM}`],
    ["https://a.example/p#/route?y=1", `https://a.example/p?${UTM}#/route?y=1`],
    ["https://a.example/?q=a+b%20c&q=ü&&=&z=%zz#", `https://a.example/?q=a+b%20c&q=ü&&=&z=%zz&${UTM}#`],
    ["HTTP://a.example/?a[]=1", `HTTP://a.example/?a[]=1&${UTM}`],
    [
      "https://a.example/?UTM_Source=x&utm_content=",
      "https://a.example/?UTM_Source=x&utm_content=&utm_medium=email&utm_campaign=w",
    ],
    [`https://a.example/?${UTM}#top`, `https://a.example/?${UTM}#top`],
  ])("to %s says where it comes from, and nothing else of it changes", (target, expected) => {
    expect(links.link(target, { ...message, track: false })).toBe(expected);
    expect(contentOf(links.link(target, message))).toEqual({ url: expected, transactionId: "u:w", step: "welcome" });
  });

  it.each([
    "mailto:help@a.example",
    "/settings",
    "tel:+49",
    "//a.example/x",
    "javascript:alert(1)",
    "",
    "https://",
    "data:,x",
  ])("that does not lead to the web stays as it is: %s", (target) => {
    expect(links.link(target, message)).toBe(target);
  });

  it("is the same each time, and another for another message", () => {
    const link = links.link("https://a.example", message);
    expect(links.link("https://a.example", message)).toBe(link);
    expect(links.link("https://a.example", { ...message, step: "other" })).not.toBe(link);
  });

  it("leads there itself when it would get too long", () => {
    const target = `https://a.example/?q=${"x".repeat(2_000)}`;
    expect(links.link(target, message)).toBe(`${target}&${UTM}`);
  });

  it("shows nothing of the person, nor of the target, in its token", () => {
    const link = links.link("https://a.example/secret", { ...message, transactionId: "ada:w" });
    expect(Buffer.from(link.split("/r/")[1]!, "base64url").toString("latin1")).not.toMatch(/secret|ada/);
  });

  it("loses nothing of any URL, and has each parameter once", { tags: ["long"] }, () => {
    fc.assert(
      fc.property(fc.webUrl({ withFragments: true, withQueryParameters: true }), (target) => {
        const url = withUtm(target, { source: "s", medium: "m" });
        const [before, after] = [new URL(target), new URL(url)];
        expect([after.origin, after.pathname, after.hash]).toEqual([before.origin, before.pathname, before.hash]);
        expect(url.startsWith(target.split("#")[0]!)).toBe(true);
        const added = [...after.searchParams].slice([...before.searchParams].length);
        expect(added).toEqual([
          ["utm_source", "s"],
          ["utm_medium", "m"],
        ]);
        expect(withUtm(url, { source: "other", medium: "other" })).toBe(url);
      }),
    );
  });
});

describe("a token", () => {
  const token = links.link("https://a.example", message).split("/r/")[1]!;

  it("is read with an older key, and not with another", () => {
    const older = linksWith(["an-older-signing-key"]).link("https://a.example", message).split("/r/")[1]!;
    expect(links.read(older)).toMatchObject({ step: "welcome" });
    expect(linksWith(["somebody-else's-signing-key"]).read(token)).toBeNull();
  });

  it("that was changed anywhere is none", () => {
    fc.assert(
      fc.property(fc.nat(token.length - 1), fc.constantFrom(..."ABCxyz019-_"), (index, letter) => {
        const changed = token.slice(0, index) + letter + token.slice(index + 1);
        if (changed !== token) expect(links.read(changed)).toBeNull();
      }),
    );
  });

  it.each(["javascript:alert(1)", "ftp://a.example", "/settings"])("never leads to %s, even signed", (url) => {
    const tokens = createTokens({ keys: ["the-newest-signing-key"], purpose: "link", content: z.looseObject({}) });
    expect(links.read(tokens.make({ url, transactionId: "u:w", step: "welcome" }))).toBeNull();
    expect(links.read(tokens.make({ url: "https://a.example", transactionId: "u:w", step: "welcome" }))).not.toBeNull();
  });

  it("of another purpose is none", () => {
    const tokens = createTokens({
      keys: ["the-newest-signing-key"],
      purpose: "unsubscribe",
      content: z.looseObject({}),
    });
    expect(links.read(tokens.make({ url: "https://a.example", transactionId: "u:w", step: "welcome" }))).toBeNull();
  });
});

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
  ["scanner", { "user-agent": "OneOutlook/1.2026.1104.100" }],
  ["scanner", { "user-agent": CHROME, "x-native-host": "OneOutlook/1.2026.1104.100" }],
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
