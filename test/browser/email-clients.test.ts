import { toPlainText } from "@react-email/components";
import { caniemail } from "caniemail";
import { describe, expect, it } from "vitest";
import type { LocaleFacts } from "../../src/contracts/locale.ts";
import { faultsOf } from "../support/axe.ts";
import { hasBrowser, testBrowser } from "../support/browser.ts";
import { emailHtml, emailLocales, emailNames } from "../support/emails.ts";

/** Those that most people read with; Windows Mail is no longer made. */
const CLIENTS = ["apple-mail.*", "gmail.*", "outlook.!(windows-mail)", "samsung-email.*", "thunderbird.*", "yahoo.*"];

/** The features that one of them does not support, and the email that results. */
const ALLOWED: Record<string, string> = {
  "<style> element": "the colours of the light scheme, and the padding of a desk",
  "@media": "the same",
  "<body> element": "it becomes a <div>; the cell within carries colours and margins as well",
  "display:none": "the preheader is read as the first line, which it is",
  opacity: "the preheader again, which display:none hides",
  overflow: "the preheader again",
  "border-radius": "corners are square",
  "height property": "as min-height it comes to the same",
  "target attribute": "links open in a new window anyway",
  "text-decoration-line": "links and buttons keep their underline",
};

/** Rules for a page of its own: an email client shows the email inside its own page, beside the subject. */
const OF_PAGES = ["document-title", "landmark-one-main", "region"];

/** The fallback's texts, from right to left. */
const RIGHT_TO_LEFT = { ...emailLocales[0], dir: "rtl" } as const;
/** The side at which the text of each block, and the mark of each list entry, is. */
const SIDES = `[...new Set([...document.querySelectorAll(".card h1, .card p, .card li, p.muted")].map((block) => {
  const range = document.createRange();
  range.selectNodeContents(block);
  const [box, text] = [block.getBoundingClientRect(), range.getBoundingClientRect()];
  return box.right - text.right <= 1 ? "right" : "left";
}))]`;

it("each allowed permission is used", async () => {
  const found = (await Promise.all(emailNames.map((name) => notKnownIn(name)))).flat().map(({ title }) => title);
  expect([...new Set(found)].sort()).toEqual(Object.keys(ALLOWED).sort());
});

describe.each(emailsIn(emailLocales))("$name in $locale.locale", ({ name, locale }) => {
  it("needs nothing that a mail client does not know", async () => {
    const faults = (await notKnownIn(name, locale)).filter(({ title }) => ALLOWED[title] === undefined);
    expect(faults.map(({ client, title }) => `${client}: ${title}`)).toEqual([]);
  });

  it("says the same as text", async () => {
    const html = await emailHtml(name, {}, { locale });
    const text = toPlainText(html);
    const [, heading = ""] = /<h1[^>]*>([^<]+)/.exec(html) ?? [];
    expect(text.toLowerCase()).toContain(plain(heading).toLowerCase());
    const links = [...html.matchAll(/<a [^>]*href="([^"]+)"/g)].map(([, href = ""]) => plain(href));
    expect(links.length).toBeGreaterThan(0);
    expect(links.filter((href) => !text.includes(href.replace(/^mailto:/, "")))).toEqual([]);
    expect(text).not.toMatch(/<\w|&\w+;/);
  });
});

describe.skipIf(!hasBrowser)("axe finds nothing, in light and in dark, on a phone", () => {
  const open = testBrowser();

  it.each(emailsIn(emailLocales))("in $name in $locale.locale", async ({ name, locale }) => {
    await using page = await open();
    await page.setViewportSize({ width: 360, height: 800 });
    await page.setContent(await emailHtml(name, {}, { locale }));
    expect(await faultsOf(page, { except: OF_PAGES })).toEqual([]);
    expect(Number(await page.evaluate("document.documentElement.scrollWidth"))).toBeLessThanOrEqual(360);
  });

  it("and all begins at the right in a language that is written from there", async () => {
    await using page = await open();
    await page.setViewportSize({ width: 360, height: 800 });
    for (const name of emailNames) {
      await page.setContent(await emailHtml(name, {}, { locale: RIGHT_TO_LEFT }));
      expect([name, await page.evaluate(SIDES)]).toEqual([name, ["right"]]);
      expect(Number(await page.evaluate("document.documentElement.scrollWidth"))).toBeLessThanOrEqual(360);
    }
  });
});

function emailsIn(locales: readonly LocaleFacts[]): Array<{ name: string; locale: LocaleFacts }> {
  return emailNames.flatMap((name) => locales.map((locale) => ({ name, locale })));
}

async function notKnownIn(name: string, locale = emailLocales[0]): Promise<Array<{ client: string; title: string }>> {
  const clients = CLIENTS as Parameters<typeof caniemail>[0]["clients"];
  const { issues } = caniemail({ clients, html: await emailHtml(name, {}, { locale }) });
  return [...issues.errors].flatMap(([client, found]) => found.map(({ title }) => ({ client, title })));
}

/** HTML without its escapes. */
function plain(html: string): string {
  return html.replaceAll("&#x27;", "'").replaceAll("&quot;", '"').replaceAll("&amp;", "&");
}
