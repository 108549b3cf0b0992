import { toPlainText } from "@react-email/components";
import { caniemail } from "caniemail";
import { describe, expect, it } from "vitest";
import { faultsOf } from "../support/axe.ts";
import { hasBrowser, testBrowser } from "../support/browser.ts";
import { emailHtml, emailNames } from "../support/emails.ts";

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

it("each allowed permission is used", async () => {
  const found = (await Promise.all(emailNames.map(notKnownIn))).flat().map(({ title }) => title);
  expect([...new Set(found)].sort()).toEqual(Object.keys(ALLOWED).sort());
});

describe.each(emailNames)("%s", (name) => {
  it("needs nothing that a mail client does not know", async () => {
    const faults = (await notKnownIn(name)).filter(({ title }) => ALLOWED[title] === undefined);
    expect(faults.map(({ client, title }) => `${client}: ${title}`)).toEqual([]);
  });

  it("says the same as text", async () => {
    const html = await emailHtml(name);
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

  it.each(emailNames)("in %s", async (name) => {
    await using page = await open();
    await page.setViewportSize({ width: 360, height: 800 });
    await page.setContent(await emailHtml(name));
    expect(await faultsOf(page, { except: OF_PAGES })).toEqual([]);
    expect(Number(await page.evaluate("document.documentElement.scrollWidth"))).toBeLessThanOrEqual(360);
  });
});

async function notKnownIn(name: string): Promise<Array<{ client: string; title: string }>> {
  const clients = CLIENTS as Parameters<typeof caniemail>[0]["clients"];
  const { issues } = caniemail({ clients, html: await emailHtml(name) });
  return [...issues.errors].flatMap(([client, found]) => found.map(({ title }) => ({ client, title })));
}

/** HTML without its escapes. */
function plain(html: string): string {
  return html.replaceAll("&#x27;", "'").replaceAll("&quot;", '"').replaceAll("&amp;", "&");
}
