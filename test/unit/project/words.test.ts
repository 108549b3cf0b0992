import { describe, expect, it } from "vitest";
import { isForksOwn } from "../../../src/fork/own-paths.ts";
import { folderOf, type SourceFile, sourceFiles } from "../../support/source-files.ts";

/** Words that the glossary replaces, each with its replacement. */
const RETIRED: Record<string, string> = {
  aside: "ignored",
  bury: "give up",
  buries: "gives up",
  buried: "dead",
  lane: "queue, or rate limiter",
  lanes: "queues, or rate limiters",
  lab: "sandbox",
  labs: "sandboxes",
  journey: "workflow",
  journeys: "workflows",
  verdict: "result",
  verdicts: "results",
  door: "endpoint",
  doors: "endpoints",
  choosing: "preferences",
  choice: "preference, or opt-out",
  choices: "preferences, or opt-outs",
  unwanted: "opted out",
  news: "event, or webhook event",
  perform: "run",
  performs: "runs",
  performed: "ran",
  tell: "send, report or notify",
  tells: "sends, reports or notifies",
  telling: "sending, reporting or notifying",
  told: "sent, reported or notified",
  whoever: "a noun",
  whomever: "a noun",
  whatever: "a noun",
  "under way": "in progress",
};

/** Where such a word is the right one. */
const EXCEPTIONS: Array<{ word: string; in: RegExp; because: string }> = [
  { word: "aside", in: /^src\/studio\/routes\.tsx$/, because: "a former address redirects" },
  { word: "under way", in: /^src\/studio\/pages\/runs\.tsx$/, because: "former links have it" },
];

const QUESTION_WORD = /^(What|Who|Whom|Whose|Whoever|Whatever)\b/;

/** A fork's own files have its own words. */
const FILES = sourceFiles("src").filter(({ path }) => !isForksOwn(path));
const FOLDERS = [...new Set(FILES.map(({ path }) => folderOf(path)))];

describe("the words of src", () => {
  it("are looked at", () => {
    expect(FOLDERS.length).toBeGreaterThan(15);
  });

  it.each(FOLDERS)("%s has no comment with a sentence that starts with What or Who", (folder) => {
    expect(filesIn(folder).flatMap(questionsIn)).toEqual([]);
  });

  it.each(FOLDERS)("%s has no retired word", (folder) => {
    expect(filesIn(folder).flatMap(retiredIn)).toEqual([]);
  });

  it("are found where they are", () => {
    const text = 'const setAside = 1;\n/** What it is. */\n// It is one. Who knows?\nconst a = "under way"; // told\n';
    expect(questionsIn({ path: "a.ts", text })).toEqual(["a.ts:2 What it is.", "a.ts:3 Who knows?"]);
    expect(retiredIn({ path: "a.ts", text })).toEqual([
      "a.ts:1 aside → ignored",
      "a.ts:4 told → sent, reported or notified",
      "a.ts:4 under way → in progress",
    ]);
    expect(retiredIn({ path: "a.ts", text: "const label = doorbell + performance.now();" })).toEqual([]);
  });
});

function filesIn(folder: string): SourceFile[] {
  return FILES.filter(({ path }) => folderOf(path) === folder);
}

function questionsIn({ path, text }: SourceFile): string[] {
  return commentsIn(text).flatMap(({ line, comment }) =>
    comment
      .split(/(?<=[.!?:])\s+/)
      .filter((sentence) => QUESTION_WORD.test(sentence))
      .map((sentence) => `${path}:${line} ${sentence}`),
  );
}

/** Each comment with the number of its first line; lines of `//` that follow each other are one. */
function commentsIn(text: string): Array<{ line: number; comment: string }> {
  const matches = text.matchAll(/(?<=^|[\s{([])(?:\/\*[\s\S]*?\*\/|\/\/.*(?:\n\s*\/\/.*)*)/g);
  return [...matches].map(({ 0: comment, index }) => ({
    line: text.slice(0, index).split("\n").length,
    comment: comment
      .replace(/^\s*(\/\/|\/\*+|\*\/|\*)|\*\/$/gm, " ")
      .replace(/\s+/g, " ")
      .trim(),
  }));
}

function retiredIn({ path, text }: SourceFile): string[] {
  const lines = [path.replace(/.*\//, ""), ...text.split("\n")];
  return lines.flatMap((line, index) => {
    const words = ` ${wordsOf(line).join(" ")} `;
    return Object.entries(RETIRED)
      .filter(([word]) => words.includes(` ${word} `) && !isException(word, path))
      .map(([word, instead]) => `${path}:${index} ${word} → ${instead}`)
      .sort();
  });
}

function isException(word: string, path: string): boolean {
  return EXCEPTIONS.some((one) => one.word === word && one.in.test(path));
}

/** Also those inside a name: setAside and SET_ASIDE are "set" and "aside". */
function wordsOf(line: string): string[] {
  return line
    .replace(/([a-z\d])([A-Z])/g, "$1 $2")
    .split(/[^A-Za-z]+/)
    .filter(Boolean)
    .map((word) => word.toLowerCase());
}
