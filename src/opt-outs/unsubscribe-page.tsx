import { createHash } from "node:crypto";
import type { ReactElement, ReactNode } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { type Locale, type Locales, type Text, textIn } from "../contracts/locale.ts";
import type { Colours } from "../contracts/product.ts";
import type { UnsubscribeTexts } from "../contracts/unsubscribe-texts.ts";

export type UnsubscribePage = ReturnType<typeof createUnsubscribePage>;

interface Preferences {
  /** The topic of the link; null when it was removed from the code. */
  topic: string | null;
  /** The opt-outs: from everything, or from these topics. */
  off: { all: boolean; topics: string[] };
  /** The change that was just made: out of the topic, out of everything, or other; null without a change. */
  done: "topic" | "everything" | "other" | null;
}

/** The page of an unsubscribe link. It has no scripts, loads nothing, and its forms post to the page's own URL. */
export function createUnsubscribePage({
  brand,
  colours,
  topics,
  locales,
  textsIn,
}: {
  /** The brand's name. */
  brand: string;
  colours: { light: Colours; dark: Colours };
  /** The titles of the topics. */
  topics: Record<string, Text>;
  locales: Locales;
  textsIn(locale: Locale): UnsubscribeTexts;
}) {
  const style = styleOf(colours);
  const refusals = new Map<string, string>();
  return {
    /** The headers of every answer. The URL gives access, so it must not be indexed, cached or sent as a referrer. */
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": policyOf(style),
      "x-content-type-options": "nosniff",
      "x-robots-tag": "noindex, nofollow",
      "referrer-policy": "no-referrer",
      "cache-control": "no-store",
      vary: "accept-language",
    },
    /** The page for a refused request. Each reason is rendered once for each locale and stays in memory. */
    refusal(reason: keyof UnsubscribeTexts["refusals"], locale: Locale): string {
      const { failed, refusals: reasons } = textsIn(locale);
      const html = refusals.get(`${locale} ${reason}`) ?? pageOf(locale, failed, <p>{reasons[reason]}</p>);
      refusals.set(`${locale} ${reason}`, html);
      return html;
    },
    /** The page with a person's preferences, without name and address: a forwarded email has the link too. */
    preferences({ topic, off, done }: Preferences, locale: Locale): string {
      const texts = textsIn(locale);
      const title = topic === null ? undefined : topics[topic];
      const about = title === undefined ? null : textIn(title, locale);
      const isOut = off.all || (topic !== null && off.topics.includes(topic));
      return pageOf(
        locale,
        headingOf({ about, isOut, done }, texts),
        <>
          {isOut || done !== null ? null : (
            <form method="post">
              <p>{about === null ? texts.isMarketing : texts.belongsTo(about)}</p>
              <input type="hidden" name="List-Unsubscribe" value="One-Click" />
              <button type="submit" className="first">
                {about === null ? texts.unsubscribe : texts.unsubscribeFrom(about)}
              </button>
            </form>
          )}
          <form method="post">
            <input type="hidden" name="choose" value="topics" />
            <fieldset>
              <legend>{texts.wishes(brand)}</legend>
              {Object.entries(topics).map(([name, title]) => (
                <label key={name}>
                  <input
                    type="checkbox"
                    name="topic"
                    value={name}
                    defaultChecked={!off.all && !off.topics.includes(name)}
                  />
                  {textIn(title, locale)}
                </label>
              ))}
            </fieldset>
            <button type="submit">{texts.save}</button>
          </form>
          {off.all ? null : (
            <form method="post">
              <input type="hidden" name="choose" value="none" />
              <button type="submit">{texts.unsubscribeFromAll}</button>
            </form>
          )}
          <p>{texts.stillGet}</p>
        </>,
      );
    },
  };

  function pageOf(locale: Locale, title: string, content: ReactNode): string {
    const page: ReactElement = (
      <html lang={locale} dir={locales.find((one) => one.locale === locale)?.dir}>
        <head>
          <meta charSet="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <meta name="robots" content="noindex, nofollow" />
          <meta name="color-scheme" content="light dark" />
          <title>{`${title} · ${brand}`}</title>
          <style>{style}</style>
        </head>
        <body>
          <header className="brand">{brand}</header>
          <main>
            <h1>{title}</h1>
            {content}
          </main>
        </body>
      </html>
    );
    return `<!DOCTYPE html>${renderToStaticMarkup(page)}`;
  }
}

function headingOf(
  { about, isOut, done }: { about: string | null; isOut: boolean } & Pick<Preferences, "done">,
  texts: UnsubscribeTexts,
): string {
  if (done === "other") return texts.saved;
  if (done === "everything" || (done === "topic" && about === null)) return texts.noMoreMarketing;
  if (done === "topic" && about !== null) return texts.noMoreOf(about);
  return isOut ? texts.isUnsubscribed : texts.question;
}

function styleOf({ light, dark }: { light: Colours; dark: Colours }): string {
  return `
:root { color-scheme: light dark; ${variablesOf(light)} }
@media (prefers-color-scheme: dark) { :root { ${variablesOf(dark)} } }
*, *::before, *::after { box-sizing: border-box; }
body { margin: 0; padding: 24px 12px; background: var(--page); color: var(--text); font: 16px/1.6 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; -webkit-text-size-adjust: 100%; }
main { max-width: 520px; margin: 0 auto; padding: 28px 24px; background: var(--card); border-radius: 12px; overflow-wrap: anywhere; }
h1 { margin: 0 0 12px; font-size: 24px; line-height: 1.3; }
p { margin: 0 0 16px; }
.brand { max-width: 520px; margin: 0 auto 12px; padding: 0 24px; color: var(--muted); font-weight: 600; }
fieldset { margin: 28px 0 12px; padding: 0; border: 0; }
legend { padding: 0 0 8px; font-size: 18px; font-weight: 600; }
label { display: flex; align-items: center; gap: 12px; min-height: 44px; }
input { width: 20px; height: 20px; flex: none; accent-color: var(--accent); }
button { min-height: 44px; margin: 0 0 12px; margin-inline-end: 12px; padding: 8px 20px; border: 1px solid var(--muted); border-radius: 8px; background: none; color: inherit; font: inherit; font-weight: 600; cursor: pointer; }
button.first { border-color: var(--accent); background: var(--accent); color: var(--on-accent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
`;
}

function variablesOf({ page, card, text, muted, accent, onAccent }: Colours): string {
  return `--page: ${page}; --card: ${card}; --text: ${text}; --muted: ${muted}; --accent: ${accent}; --on-accent: ${onAccent};`;
}

function policyOf(style: string): string {
  return [
    "default-src 'none'",
    `style-src 'sha256-${createHash("sha256").update(style).digest("base64")}'`,
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join("; ");
}
