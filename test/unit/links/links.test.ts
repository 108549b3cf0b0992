import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createTokens } from "../../../src/lib/tokens.ts";
import { createLinks, withUtm } from "../../../src/links/links.ts";

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
