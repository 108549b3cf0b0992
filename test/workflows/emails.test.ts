import { describe, expect, it } from "vitest";
import { brand } from "../../emails/_components/brand.ts";
import { dark, light } from "../../emails/_components/tokens.ts";
import { emailHtml, emailLocales, emailNames, exampleProps, isTranslated } from "../support/emails.ts";

/** Gmail cuts off what is larger. */
const LARGEST_BYTES = 102 * 1024;

it("there are emails", () => {
  expect(emailNames.length).toBeGreaterThan(0);
});

describe.each(emailNames.flatMap((name) => emailLocales.map((locale) => ({ name, locale }))))(
  "$name in $locale.locale",
  ({ name, locale }) => {
    const html = (changes: Record<string, unknown> = {}, unsubscribeUrl?: string | null) =>
      emailHtml(name, changes, { locale, ...(unsubscribeUrl !== undefined && { unsubscribeUrl }) });

    it("renders from its example props", async () => {
      const email = await html();
      expect(email).toMatch(/^<!DOCTYPE html>.+<\/html>$/s);
      expect(email).not.toMatch(/undefined|null|NaN|\[object/);
    });

    it("keeps the rules for emails", async () => {
      const email = await html();
      expect(Buffer.byteLength(email)).toBeLessThan(LARGEST_BYTES);
      expect(email.match(/<h1/g)).toHaveLength(1);
      // An email without texts for each locale is in the fallback.
      const { locale: lang, dir } = (await isTranslated(name)) ? locale : emailLocales[0];
      expect(email.match(new RegExp(`(?=[^>]* lang="${lang}")(?=[^>]* dir="${dir}")`, "g"))?.length).toBeGreaterThan(1);
      expect(email).toContain('<meta name="color-scheme" content="light dark"/>');
      expect(email).toContain("@media (prefers-color-scheme: dark)");
      expect(email).toContain(brand.postalAddress);
      expect(email.match(/<table(?![^>]*role="presentation")/g)).toBeNull();
      expect(email.match(/<img(?![^>]*alt=)/g)).toBeNull();
      const sizes = [...email.matchAll(/font-size:(\d+)px/g)].map(([, size]) => Number(size));
      expect(Math.min(...sizes.filter((size) => size > 1))).toBeGreaterThanOrEqual(14);
    });

    it("shows the unsubscribe link of marketing, high enough for a thumb, and none in transactional emails", async () => {
      const url = "https://bridge.example/u/token";
      const [link] = /<a [^>]*\/u\/token"[^>]*>[^<]+<\/a>/.exec(await html({}, url)) ?? [];
      // 22 of the line, and 11 above and below.
      expect(link).toContain("padding:11px 0");
      const [, text = ""] = />([^<]+)</.exec(link ?? "") ?? [];
      expect(await html({}, null)).not.toContain(`>${text}<`);
    });

    it("greets people whose name is not known", async ({ skip }) => {
      if (!("firstName" in (await exampleProps(name)))) return skip("nobody is greeted by name");
      const [, hi = ""] = />([^<]+) \{name\},</.exec(await html({ firstName: "{name}" })) ?? [];
      expect(hi).toMatch(/./);
      const rendered = await html({ firstName: undefined });
      expect(rendered).toContain(`>${hi},<`);
      expect(rendered).not.toContain("undefined");
    });

    it("escapes what people are called", async ({ skip }) => {
      if (!("firstName" in (await exampleProps(name)))) return skip("nobody is greeted by name");
      const rendered = await html({ firstName: "<script>alert(1)</script> & Co" });
      expect(rendered).toContain("&lt;script&gt;alert(1)&lt;/script&gt; &amp; Co");
      expect(rendered).not.toContain("<script");
    });
  },
);

it.each(emailNames)("%s is another text in each of its locales", async (name) => {
  const rendered = await Promise.all(emailLocales.map((locale) => emailHtml(name, {}, { locale })));
  const headings = rendered.map((html) => /<h1[^>]*>(.*?)<\/h1>/s.exec(html)?.[1]);
  expect(new Set(headings).size).toBe((await isTranslated(name)) ? emailLocales.length : 1);
});

describe.each([
  ["light", light],
  ["dark", dark],
])("the colours in %s", (_name, colours) => {
  it.each([
    ["text", "card"],
    ["muted", "page"],
    ["accent", "card"],
    ["onAccent", "accent"],
  ] as const)("%s on %s has a contrast of 4.5:1", (ink, ground) => {
    expect(contrast(colours[ink], colours[ground])).toBeGreaterThanOrEqual(4.5);
  });
});

/** https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio */
function contrast(one: string, other: string): number {
  const [lighter = 0, darker = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (lighter + 0.05) / (darker + 0.05);
}

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
