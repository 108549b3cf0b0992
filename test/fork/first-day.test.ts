import { expect, it } from "vitest";
import { newOf } from "../../src/fork/new.ts";
import { removeOf } from "../../src/fork/remove.ts";
import { run } from "../support/command.ts";
import { isAsShipped } from "./as-shipped.ts";
import { addByReadme, examplesIn, makeTransactional, rebrand, renameTopics } from "./changes.ts";
import { type Clone, cloneCheckout } from "./clone.ts";

// The first day of a fork, by script in a copy of the checkout: all changes at once, and each check once.

/** A busy machine needs this long. */
const WITHIN_MS = 30 * 60_000;

const REMOVED = [
  "onboarding-stalled",
  "step-nudge",
  "feature-adoption",
  "session-drop-off",
  "welcome-to-paid",
  "re-engagement",
];
const LOCALES = "emails/_components/locales.ts";
const TRANSACTIONAL = "drop-off";
/** Every channel, with and without an exit event, a topic, and a second email. */
const NEW = [
  "first-steps --on Started --on 'Started again' --exit-on done --topic offers --channels email,in-app,push,email",
  "paid-invoice --on invoice_paid --transactional --channels sms,chat,push,tool",
];
const NEW_FILES = /first-steps|paid-invoice|one-language|trial-ending/;
/** These tests read no file of a fork's own. */
const ENGINE_ALONE = /(sizes|line-ends|github|node|framework)\.test/;
const IN_ONE_LANGUAGE = "one-language --on asked --exit-on answered --topic reminders --channels in-app,email";

it.skipIf(!isAsShipped)(
  "the first day turns nothing red but the story of what was changed",
  { timeout: WITHIN_MS },
  async () => {
    using clone = cloneCheckout();
    expect(addByReadme(clone)).toEqual([
      "emails/trial-ending.tsx",
      "src/workflows/trial-ending.tsx",
      "test/workflows/stories/trial-ending.test.ts",
      "src/workflows/trial-over.tsx",
    ]);
    addParts(clone);
    const root = clone.path("");
    for (const order of NEW) expect(await run(newOf({ root }), wordsOf(order))).toMatchObject({ code: 0, stderr: "" });
    await addInOneLanguage(clone);
    for (const id of REMOVED) expect(await run(removeOf({ root }), [id])).toMatchObject({ code: 0, stderr: "" });
    rebrand(clone);
    renameTopics(clone);
    makeTransactional(clone, TRANSACTIONAL);

    const files = clone.changes();
    const written = clone.files(".").filter((file) => NEW_FILES.test(file) && !file.includes("trial-ending"));
    const texts = written.map(clone.read);
    await expectSound(clone);
    // Biome has formatted only what was written by the README and by hand.
    expect(clone.changes()).toEqual(files);
    expect([written.length, written.map(clone.read)]).toEqual([9, texts]);

    const tests = clone.files("test/unit/project").filter((file) => !ENGINE_ALONE.test(file));
    const { passed, red } = await clone.vitest("--project", "app", "--project", "unit", "test/workflows", ...tests);
    expect([red, passed > 200]).toEqual([[`test/workflows/stories/${TRANSACTIONAL}.test.ts`], true]);
    const stories = clone.files("test/workflows/stories").filter((file) => NEW_FILES.test(file));
    expect(await clone.vitest("--project", "segment", ...stories)).toEqual({ passed: 4, red: [] });
  },
);

/** By the process, for this process has loaded the locales. With one locale, the code has other forms. */
async function addInOneLanguage(clone: Clone): Promise<void> {
  const [file, all] = [LOCALES, clone.read(LOCALES)];
  clone.edit(file, (text) => text.replace(/^ {2}\{ locale: "de".*\n/m, ""));
  const { code, output } = await clone.run("tsx", "src/fork/new.ts", ...wordsOf(IN_ONE_LANGUAGE));
  expect([code, output]).toEqual([0, expect.stringContaining("npm run event -- asked --person ada")]);
  clone.write(file, all);
}

/** The words of a shell's line. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/'([^']+)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? "");
}

/** Types, lint, and no unused code. */
async function expectSound(clone: Clone): Promise<void> {
  for (const check of [
    () => clone.typecheck(),
    () => clone.run("biome", "check", "--write", "--error-on-warnings", "."),
    () => clone.run("knip"),
  ]) {
    const { code, output } = await check();
    expect([code, code === 0 ? "" : output]).toEqual([0, ""]);
  }
}

/** The README's parts of a file, in a test that runs them. */
function addParts(clone: Clone): void {
  const parts = examplesIn(clone).filter(({ file }) => file === null);
  expect(parts).toHaveLength(2);
  clone.write("test/workflows/parts.test.ts", testOf(parts.map(({ code }) => code)));
}

/** A part has events, or a property of a workflow. */
function statementsOf(part: string): string {
  return /^\w+: /.test(part) ? `expect({ ${part} }).toBeDefined();` : part.replace(/^event\(/gm, ";event(");
}

function testOf(parts: string[]): string {
  return `import { expect, it } from "vitest";
import { z } from "zod";
import { event } from "../../src/engine/event.ts";

it("can be made", () => {
  expect(event).toBeTypeOf("function");
  ${parts.map(statementsOf).join("\n")}
  expect(z).toBeDefined();
});
`;
}
