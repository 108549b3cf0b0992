import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { AxeResults, RunOptions } from "axe-core";
import type { Page } from "playwright-core";

/** Half as large as `axe.source`, and each page reads it anew. */
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const EVERYTHING: RunOptions = {
  // What stands in a frame is a message, and looked at by itself.
  iframes: false,
  resultTypes: ["violations"],
  // No stylesheet and no medium is fetched once more.
  preload: false,
};
const COLOURS: RunOptions = { ...EVERYTHING, runOnly: ["color-contrast", "link-in-text-block"] };

/** What axe finds on a page in both colour schemes, a line each: the rule, where, and why; not by the rules in `except`. */
export async function faultsOf(page: Page, { except = [] as string[] } = {}): Promise<string[]> {
  // Evaluated from outside, so that no content security policy has to let it in.
  if (!(await page.evaluate("'axe' in window"))) await page.evaluate(AXE);
  // What is not about colours is the same in both.
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
