import { plainTextSelectors } from "@react-email/components";
import { compile } from "html-to-text";
import { type BlockRules, textBuilder } from "./text-builder.ts";

/** As react-email's toPlainText(), which compiles these options again in each call, and so takes five times as long. */
export const plainText: (html: string) => string = compile({ wordwrap: false, selectors: plainTextSelectors });

/** The text part of an email that React has rendered. */
export function plainTextOfReact(html: string): string {
  return plainTextOfUsual(html) ?? plainText(html);
}

/** The blank lines of html-to-text before and after an element. */
const BLOCKS: Record<string, BlockRules> = {
  ...ofEach(["article", "div", "footer", "form", "header", "main", "nav", "section"], { before: 1, after: 1 }),
  ...ofEach(["p", "table"], { before: 2, after: 2 }),
  ...ofEach(["h1", "h2", "h3"], { before: 3, after: 2, isHeading: true }),
  ...ofEach(["h4", "h5", "h6"], { before: 2, after: 2, isHeading: true }),
  ul: { before: 2, after: 2 },
  li: { before: 1, after: 1, prefix: " * " },
};
/** Elements without effect, and the parents that some of them need. */
const INLINE = new Set(
  "a b center code em font i label s small span strong sub sup time u tbody thead tfoot tr td th".split(" "),
);
const PARENTS: Record<string, string[]> = {
  ...ofEach(["tbody", "thead", "tfoot"], ["table"]),
  tr: ["table", "tbody", "thead", "tfoot"],
  ...ofEach(["td", "th"], ["tr"]),
  li: ["ul"],
};
const VOID = new Set(["br", "hr", "img", "wbr"]);

/** The form in which React writes a tag. */
const OPENING = /<([a-z][a-z0-9]*)((?: [a-zA-Z:-]+(?:="[^"<>]*")?)*)(\/?)>/y;
const CLOSING = /<\/([a-z][a-z0-9]*)>/y;
const COMMENT = /<!--(?!-?>).*?-->/sy;
/** The characters that React escapes. */
const ESCAPED: Record<string, string> = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#x27;": "'" };

/**
 * The same text as `plainText`, six times as fast, because there is no tree, and no selector is evaluated. Null for HTML
 * with anything that an email rarely has, such as a list in a list, or that React does not write.
 */
export function plainTextOfUsual(html: string): string | null {
  const start = bodyOf(html);
  if (start === null) return null;
  const text = textBuilder();
  const open: Array<{ name: string; end?: () => void }> = [];
  /** How many elements are open around the outermost one that is skipped; null outside of one. */
  let skippedIn: number | null = null;
  for (let at = start; ; ) {
    const next = html.indexOf("<", at);
    if (next === -1) return null;
    const words = decoded(html.slice(at, next));
    if (words === null && skippedIn === null) return null;
    const parent = open.at(-1)?.name;
    if (words && parent === "ul") return null;
    if (words && skippedIn === null) text.add(words);

    const [closing, name] = matchAt(CLOSING, html, next);
    if (closing !== undefined) {
      const last = open.pop();
      if (last === undefined) return name === "body" ? text.end() : null;
      if (last.name !== name) return null;
      if (skippedIn === null) last.end?.();
      else if (open.length === skippedIn) skippedIn = null;
      at = next + closing.length;
      continue;
    }
    const [comment] = matchAt(COMMENT, html, next);
    if (comment !== undefined) {
      at = next + comment.length;
      continue;
    }
    const [opening, tag = "", attributes = "", slash] = matchAt(OPENING, html, next);
    if (opening === undefined || !isUsual(tag, parent)) return null;
    if (tag === "ul" && (open.some(({ name }) => name === "li") || !html.startsWith("<li", next + opening.length)))
      return null;
    if (VOID.has(tag) !== (slash === "/")) return null;
    at = next + opening.length;
    const isSkipped = attributes.includes(' data-skip-in-text="true"');
    if (VOID.has(tag)) {
      if (skippedIn === null && !isSkipped) text.addVoid(tag);
      continue;
    }
    if (skippedIn === null && isSkipped) skippedIn = open.length;
    const end = skippedIn === null ? begin(tag, attributes) : undefined;
    if (end === null) return null;
    open.push({ name: tag, ...(end !== undefined && { end }) });
  }

  /** Begins an element, and returns what ends it; null for a link that cannot be read. */
  function begin(tag: string, attributes: string): (() => void) | undefined | null {
    if (tag === "a") {
      const href = decoded(/ href="([^"]*)"/.exec(attributes)?.[1] ?? "");
      return href === null ? null : text.openLink(href);
    }
    const block = BLOCKS[tag];
    return block && text.openBlock(block);
  }
}

/** Where the content of the only body begins. */
function bodyOf(html: string): number | null {
  const at = html.indexOf("<body");
  if (at === -1 || html.includes("<body", at + 1)) return null;
  const [tag, name] = matchAt(OPENING, html, at);
  return tag === undefined || name !== "body" || tag.includes("data-skip-in-text") ? null : at + tag.length;
}

/** Whether the parser of html-to-text leaves the element in this parent. In a paragraph, it ends the paragraph first. */
function isUsual(tag: string, parent: string | undefined): boolean {
  const needed = PARENTS[tag];
  if (needed !== undefined) return parent !== undefined && needed.includes(parent);
  if (parent === "ul") return false;
  if (parent === "p" && tag !== "br" && !INLINE.has(tag) && tag !== "img" && tag !== "wbr") return false;
  return INLINE.has(tag) || VOID.has(tag) || BLOCKS[tag] !== undefined;
}

/** Null for an entity that React does not write. */
function decoded(text: string): string | null {
  if (!text.includes("&")) return text;
  let isKnown = true;
  const plain = text.replace(/&(?:[a-z0-9#]+;?)?/gi, (entity) => {
    const character = ESCAPED[entity];
    isKnown &&= character !== undefined;
    return character ?? "";
  });
  return isKnown ? plain : null;
}

function matchAt(pattern: RegExp, text: string, at: number): Array<string | undefined> {
  pattern.lastIndex = at;
  return pattern.exec(text) ?? [];
}

function ofEach<Value>(names: string[], value: Value): Record<string, Value> {
  return Object.fromEntries(names.map((name) => [name, value]));
}
