/** How a block is written. */
export interface BlockRules {
  /** The fewest line breaks before and after it. */
  before: number;
  after: number;
  /** Whether its words are in capitals. */
  isHeading?: boolean;
  /** Begins its first line; the other lines are indented as far. */
  prefix?: string;
}

/** A block whose text is not complete. */
interface Block {
  /** The line breaks between the text before and this block. */
  leading: number;
  /** The line breaks that the last block in it needs behind it. */
  trailing: number;
  /** The text of the blocks in it. */
  raw: string;
  /** The complete lines behind them, and the present line. */
  lines: string[];
  line: string;
  /** Whether the next word is a word of its own. */
  hasSpace: boolean;
}

type Transform = (word: string) => string;

const WORD = /[^ \t\r\n\f\u200b]+/g;
const STARTS_BLANK = /^[ \t\r\n\f\u200b]/;
const ENDS_BLANK = /[ \t\r\n\f\u200b]$/;
const RULE = "-".repeat(40);

/** Builds a text by the rules of html-to-text, without word wrap. */
export function textBuilder() {
  const blocks: Block[] = [newBlock(1)];
  let block = blocks[0] as Block;
  /** The newest is applied first. */
  const transforms: Transform[] = [];
  return { add, addVoid, openBlock, openLink, end: () => textOf(block) };

  function add(text: string, isAddress = false): void {
    const words = text.match(WORD);
    if (text === "" || (block.trailing > 0 && words === null)) return;
    if (block.trailing > 0) breakLine(block.trailing);
    block.trailing = 0;
    const isOwn = block.hasSpace || STARTS_BLANK.test(text);
    for (const [index, word] of (words ?? []).entries()) {
      const written = isAddress ? word : transforms.reduceRight((made, transform) => transform(made), word);
      block.line += block.line === "" || (index === 0 && !isOwn) ? written : ` ${written}`;
    }
    block.hasSpace = (block.hasSpace && words === null) || ENDS_BLANK.test(text);
  }

  function addVoid(tag: string): void {
    if (tag === "br") breakLine(1);
    if (tag !== "hr") return;
    const close = openBlock({ before: 2, after: 2 });
    add(RULE);
    close();
  }

  function breakLine(times: number): void {
    block.lines.push(block.line, ...Array.from({ length: times - 1 }, () => ""));
    block.line = "";
  }

  function openBlock({ before, after, isHeading, prefix = "" }: BlockRules): () => void {
    const opened = newBlock(before);
    blocks.push(opened);
    block = opened;
    if (isHeading) transforms.push((word) => word.toUpperCase());
    return () => {
      if (isHeading) transforms.pop();
      blocks.pop();
      block = blocks.at(-1) as Block;
      const indented = prefix + textOf(opened).replaceAll("\n", `\n${" ".repeat(prefix.length)}`);
      addText(indented, opened.leading, Math.max(opened.trailing, after));
    };
  }

  function addText(text: string, leading: number, trailing: number): void {
    const before = textOf(block);
    const breaks = Math.max(block.trailing, leading);
    block.lines = [];
    block.line = "";
    block.raw = before === "" ? text : before + "\n".repeat(breaks) + text;
    if (before === "") block.leading = breaks;
    block.trailing = trailing;
  }

  /** The address comes behind the link's text, unless it is the text. */
  function openLink(href: string): (() => void) | undefined {
    const address = href.replace(/^mailto:/, "");
    if (address === "" || address.startsWith("#")) return undefined;
    let text = "";
    transforms.push((word) => {
      text += word;
      return word;
    });
    return () => {
      transforms.pop();
      if (text !== address) add(text === "" ? address : ` ${address}`, true);
    };
  }
}

function newBlock(leading: number): Block {
  return { leading, trailing: 0, raw: "", lines: [], line: "", hasSpace: false };
}

function textOf({ raw, lines, line }: Block): string {
  return lines.length === 0 ? raw + line : `${raw}${lines.join("\n")}\n${line}`;
}
