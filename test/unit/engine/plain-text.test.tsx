import fc from "fast-check";
import { createElement, type ReactNode } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { plainText, plainTextOfReact, plainTextOfUsual } from "../../../src/engine/plain-text.ts";
import { emailHtml, emailLocales, emailNames } from "../../support/emails.ts";

const rendered = (...children: ReactNode[]) =>
  `<!DOCTYPE html>${renderToStaticMarkup(<html lang="en">{createElement("body", null, ...children)}</html>)}`;

describe("the text part of an email", () => {
  it.each(emailNames)("is that of html-to-text, without its parser: %s", async (name) => {
    for (const locale of emailLocales) {
      const html = await emailHtml(name, {}, { locale });
      expect(plainTextOfUsual(html)).toBe(plainText(html));
    }
  });

  it("is that of html-to-text for any elements", () => {
    let usual = 0;
    fc.assert(
      fc.property(nodes(), (children) => {
        const html = rendered(...children);
        const text = plainTextOfUsual(html);
        if (text !== null) usual += 1;
        expect(text ?? plainText(html), html).toBe(plainText(html));
        expect(plainTextOfReact(html)).toBe(plainText(html));
      }),
      { numRuns: 300 },
    );
    expect(usual).toBeGreaterThan(50);
  });

  it.each([
    ["a paragraph that a block ends", <p key="">one{createElement("div", null, "two")}three</p>],
    [
      "a list in a list",
      <ul key="">
        <li>
          one
          <ul>
            <li>two</li>
          </ul>
        </li>
      </ul>,
    ],
    [
      "an ordered list",
      <ol key="" start={3}>
        <li>one</li>
        <li>two</li>
      </ol>,
    ],
    [
      "text of its own in a list",
      <ul key="">
        {"words"}
        <li>one</li>
      </ul>,
    ],
    [
      "an empty list",
      <div key="">
        one
        <ul />
        two
      </div>,
    ],
    ["a text that keeps its lines", <pre key="">{"one\n  two"}</pre>],
    ["a quotation", <blockquote key="">one</blockquote>],
    [
      "a style",
      <div key="">
        <style>{"p::before { content: '<p>'; }"}</style>one
      </div>,
    ],
    [
      "a table without its rows' bodies",
      <table key="">
        <tbody>
          <tr>
            <td>one</td>
            <td>two</td>
          </tr>
        </tbody>
      </table>,
    ],
  ])("is that of html-to-text for %s", (_name, element) => {
    const html = rendered("before", element, "after");
    expect(plainTextOfReact(html)).toBe(plainText(html));
  });

  it.each([
    ["raw HTML", "one &nbsp;two&eacute; <b title='a > b'>three</b> a < b"],
    ["raw HTML that is not closed", "<p>one<p>two</div>three"],
    ["a comment for Outlook", "<p><!--[if mso]><i>x</i><![endif]-->one</p>"],
    ["a comment that is no comment", "<p><!-->one--></p>"],
  ])("is that of html-to-text for %s", (_name, inside) => {
    const html = `<html><body><div>${inside}</div></body></html>`;
    expect(plainTextOfReact(html)).toBe(plainText(html));
  });

  it("is that of html-to-text without a body, and with two", () => {
    for (const html of ["<p>one</p>", "<body><p>one</p></body><body>two</body>", "", "<body>", "<body>one</p></body>"])
      expect(plainTextOfReact(html)).toBe(plainText(html));
  });
});

const BLOCKS = ["div", "p", "section", "h1", "h4", "ul", "ol", "blockquote", "pre", "center"];
const INLINES = ["span", "strong", "b", "em", "a", "code"];
const TEXTS = [
  "",
  " ",
  "one",
  " two",
  "three ",
  "Straße & <co> \"x\" 'y'",
  "a\nb",
  "\u200b",
  "\u00a0",
  "mailto:a@b.c",
  "  ",
];
const HREFS = ["https://a.example/?a=1&b=2", "one", "mailto:a@b.c", "#top", "", "/path"];

/** Trees of the elements of emails; some of them are not valid HTML. */
function nodes(): fc.Arbitrary<ReactNode[]> {
  const { tree } = fc.letrec<{ tree: ReactNode; list: ReactNode[] }>((tie) => ({
    list: fc.array(tie("tree"), { maxLength: 4 }),
    tree: fc.oneof(
      { maxDepth: 5, withCrossShrink: true },
      fc.constantFrom<ReactNode>(...TEXTS),
      fc.constantFrom<ReactNode>(<br />, <hr />, <img src="https://a.example/x.png" alt="words" />, <wbr />),
      fc
        .tuple(fc.constantFrom(...BLOCKS, ...INLINES), fc.boolean(), tie("list"))
        .map(([tag, isSkipped, children]) =>
          createElement(tag, { className: "x", ...(isSkipped && { "data-skip-in-text": true }) }, ...children),
        ),
      fc
        .tuple(fc.constantFrom(...BLOCKS, ...INLINES), tie("list"))
        .map(([tag, children]) => createElement(tag, null, ...children)),
      fc
        .tuple(fc.constantFrom(...HREFS), tie("list"))
        .map(([href, children]) => createElement("a", { href }, ...children)),
      tie("list").map((items) => createElement("ul", null, ...items.map((item) => createElement("li", null, item)))),
      tie("list").map((cells) => tableOf(cells)),
    ),
  }));
  return fc.array(tree, { maxLength: 5 });
}

function tableOf(cells: ReactNode[]): ReactNode {
  const row = cells.map((cell) => createElement("td", { style: { padding: 4 } }, cell));
  return createElement("table", null, createElement("tbody", null, createElement("tr", null, ...row)));
}
