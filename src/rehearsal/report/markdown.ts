import { code, row, text } from "../../lib/markdown.ts";
import type { Report } from "./compare.ts";
import { type Document, documentOf, type LinkTo } from "./document.ts";
import { type Pen, shortId } from "./pen.ts";
import type { Table } from "./tables.ts";

/** A comment at GitHub has at most 65,536 characters, and the plan needs some of them. */
const MOST_CHARACTERS = 50_000;
/** The workflow "Plan for Novu" removes all lines between these two, if the comment is too long. */
export const SAMPLE_BEGINS = "<!-- sample -->";
export const SAMPLE_ENDS = "<!-- end of sample -->";

const PEN: Pen = { code: (id) => code(shortId(id)), text, bold: (words) => `**${words}**` };

interface MarkdownOptions {
  linkTo?: LinkTo | undefined;
  mostCharacters?: number;
}

/**
 * The report as Markdown. Its first five lines have all that a reviewer has to know. If it is too long, it loses people
 * of the sample, then all tables but the first, and then the list of all changes.
 */
export function reportMarkdown(report: Report, options: MarkdownOptions = {}): string {
  const { linkTo, mostCharacters = MOST_CHARACTERS } = options;
  const whole = documentOf(report, PEN, linkTo);
  let made = write(whole, null);
  const shorter = shorterOnes(whole);
  while (made.length > mostCharacters) {
    const { done, value } = shorter.next();
    if (done) return `${[...made].slice(0, mostCharacters - 2).join("")}\n…`;
    made = write(value.document, value.without);
  }
  return made;
}

function* shorterOnes(whole: Document): Generator<{ document: Document; without: string }> {
  for (let people = whole.sample.length - 1; people >= 0; people--)
    yield { document: { ...whole, sample: whole.sample.slice(0, people) }, without: "timelines" };
  for (let tables = whole.workflows.length - 1; tables >= 0; tables--)
    yield { document: { ...whole, sample: [], workflows: whole.workflows.slice(0, tables) }, without: "tables" };
  yield { document: { ...whole, sample: [], workflows: [], changes: [] }, without: "tables and changes" };
}

function write(document: Document, without: string | null): string {
  const { headline, largest, warning, changes, totals, workflows, others, limits, made } = document;
  const lines = [headline, ...largest.map((line) => `- ${line}`), `- ${warning.isOne ? "⚠️ " : ""}${warning.words}`];
  if (changes.length > 0) lines.push(...section("Every change", changes));
  for (const table of [totals, ...workflows]) lines.push("", `**${table.title}**`, "", ...tableLines(table));
  if (others.length > 0) lines.push("", others.join(" "));
  lines.push(...sampleLines(document));
  if (limits.length > 0) lines.push(...section("Limits", limits));
  lines.push(...section("How this was made", made));
  if (without !== null) lines.push("", `Some ${without} are left out, because a comment at GitHub has a limit.`);
  return lines.join("\n");
}

function sampleLines({ sample }: Document): string[] {
  if (sample.length === 0) return [];
  const people = sample.flatMap(({ timeline, links }) => [
    "",
    [timeline.title, ...links.map((link) => `<${encodeURI(link)}>`)].join(" "),
    "",
    ...tableLines(timeline),
  ]);
  const summary = "<details><summary>Timelines of some of these people, by their own clock</summary>";
  return ["", SAMPLE_BEGINS, summary, ...people, "", "</details>", SAMPLE_ENDS];
}

function tableLines({ head, rows }: Table): string[] {
  const isNumbers = head.length !== 3;
  return [
    row(...head),
    `|---${(isNumbers ? "|--:" : "|---").repeat(head.length - 1)}|`,
    ...rows.map((cells) => row(...cells)),
  ];
}

function section(title: string, lines: string[]): string[] {
  return ["", `**${title}**`, "", ...lines.map((line) => `- ${line}`)];
}
