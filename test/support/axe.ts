import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { AxeResults, RunOptions } from "axe-core";
import type { Page } from "playwright-core";

/** Half as large as `axe.source`; each page parses it. */
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const EVERYTHING: RunOptions = {
  // A frame holds a message, which has its own test.
  iframes: false,
  resultTypes: ["violations"],
  // Fetches no stylesheet and no medium again.
  preload: false,
};
const COLOURS: RunOptions = { ...EVERYTHING, runOnly: ["color-contrast", "link-in-text-block"] };

/**
 * The findings of axe on a page in both colour schemes, one per line: the rule, the place and the reason. `except` are
 * rules without findings.
 */
export async function faultsOf(page: Page, { except = [] as string[] } = {}): Promise<string[]> {
  // Evaluated by the debugger, which no content security policy blocks.
  if (!(await page.evaluate("'axe' in window"))) await page.evaluate(AXE);
  // Other rules than the colour ones give the same result in both.
  return [
    ...(await faultsIn(page, "light", { ...EVERYTHING, rules: without(except) })),
    ...(await faultsIn(page, "dark", COLOURS)),
  ];
}

function without(rules: string[]): NonNullable<RunOptions["rules"]> {
  return Object.fromEntries(rules.map((rule) => [rule, { enabled: false }]));
}

async function faultsIn(page: Page, colorScheme: "light" | "dark", options: RunOptions): Promise<string[]> {
  await page.emulateMedia({ colorScheme });
  const { violations } = (await page.evaluate(`axe.run(document, ${JSON.stringify(options)})`)) as AxeResults;
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(
      ({ target, failureSummary = "" }) =>
        `${colorScheme}: ${id} at ${target.join(" ")}: ${failureSummary.split("\n").at(-1)?.trim()}`,
    ),
  );
}
