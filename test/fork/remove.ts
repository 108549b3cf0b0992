import type { Clone } from "./clone.ts";

/** A section "## Remove …" of a README, and its numbered steps. */
export interface Removal {
  title: string;
  steps: string[];
}

type Edit = (text: string) => string;

/** The removals that the READMEs in src describe. */
export function removalsIn(clone: Pick<Clone, "files" | "read">): Removal[] {
  const readmes = clone.files("src").filter((file) => file.endsWith("README.md"));
  return readmes.flatMap((file) =>
    [...clone.read(file).matchAll(/^## (Remove .+)\n([\s\S]*?)(?=\n## |$(?![\s\S]))/gm)].map(
      ([, title = "", text = ""]) => ({ title: `${file}: ${title}`, steps: stepsIn(text) }),
    ),
  );
}

/** Follows each step to the letter. Throws for one that is in no known form, or that changes nothing. */
export function remove(clone: Pick<Clone, "edit" | "remove">, { steps }: Removal): void {
  for (const step of steps) {
    const [, file = "", edits] = /^In `([^`]+)`, (.+)\.$/.exec(step) ?? [];
    if (edits === undefined) for (const path of deletedBy(step)) clone.remove(path);
    else for (const edit of edits.split("; ")) clone.edit(file, editOf(edit));
  }
}

/** Without the line breaks inside a step. */
function stepsIn(text: string): string[] {
  return [...text.matchAll(/^\d+\. ([\s\S]*?)(?=\n\d+\. |\n\n|$(?![\s\S]))/gm)].map(([, step = ""]) =>
    step.replace(/\s+/g, " ").trim(),
  );
}

function deletedBy(step: string): string[] {
  if (!/^Delete (`[^`]+`(, | and )?)+\.$/.test(step)) throw new Error(`no known form of a step: ${step}`);
  return quotesIn(step);
}

function editOf(edit: string): Edit {
  const quotes = quotesIn(edit);
  const [first = "", second = "", third = ""] = quotes;
  if (/^delete the lines? with /.test(edit))
    return (text) => linesOf(text, (line) => !quotes.some((quote) => line.includes(quote)));
  if (/^delete from `[^`]+` to `[^`]+`$/.test(edit)) return (text) => withoutBlock(text, first, second);
  if (/^replace `[^`]+` with `[^`]+`$/.test(edit)) return (text) => text.replaceAll(first, second);
  if (/^replace `[^`]+` with `[^`]+` after `[^`]+`$/.test(edit))
    return (text) => {
      const start = text.indexOf(third);
      return start < 0 ? text : text.slice(0, start) + text.slice(start).replace(first, second);
    };
  throw new Error(`no known form of an edit: ${edit}`);
}

function quotesIn(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, quote = ""]) => quote);
}

function linesOf(text: string, isIncluded: (line: string) => boolean): string {
  return text.split("\n").filter(isIncluded).join("\n");
}

/** Without the lines from the first with `from` to the next one that is `to`. */
function withoutBlock(text: string, from: string, to: string): string {
  const lines = text.split("\n");
  const start = lines.findIndex((line) => line.includes(from));
  const end = lines.findIndex((line, index) => index > start && line.trim() === to);
  return start < 0 || end < 0 ? text : [...lines.slice(0, start), ...lines.slice(end + 1)].join("\n");
}
