import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PAGES } from "../../src/studio/pages/index.ts";
import { SANDBOX_PAGES } from "../../src/studio/sandbox/pages.ts";
import { faultsOf } from "../support/axe.ts";
import { hasBrowser, testBrowser } from "../support/browser.ts";
import { addressesOf, busyStory } from "../support/busy-studio.ts";
import type { Story } from "../support/story.ts";
import { productionStudio, STUDIO_SECRET } from "../support/studio.ts";

const WIDTHS = [360, 1280];
const BETWEEN = 1000;

describe.skipIf(!hasBrowser)("axe finds nothing, nothing is wider than the window, and all is to be seen", () => {
  const open = testBrowser();
  let story: Story;
  let studio: string;
  let page: Page;
  beforeAll(async () => {
    story = await busyStory();
    studio = `${story.sandbox.app.url}/studio`;
    page = await open();
    // Loading axe takes longer than running it: it is loaded once, and each page is written into this one.
    // The studio's script would go on, and put the changed content of this page into the others.
    await page.route("**/*.js*", (route) => route.abort());
    await page.goto(studio);
    await page.unroute("**/*.js*");
  }, 60_000);
  afterAll(() => story?.[Symbol.asyncDispose]());

  it.each([...PAGES, ...SANDBOX_PAGES].map(({ path }) => path))("on %s", async (path) => {
    const addresses = addressesOf(story.sandbox)[path] ?? [];
    expect([path, addresses.length]).not.toEqual([path, 0]);
    for (const address of addresses) {
      const response = await fetch(`${studio}${address}`);
      expect([address, response.status]).toEqual([address, 200]);
      await page.setContent(withoutScript(await response.text()));
      expect([address, await faultsIn(page)]).toEqual([address, []]);
    }
  });

  it("and it finds the faults of a bad page", async () => {
    // The content security policy of the studio allows no inline styles.
    const hidden = `<nav><a href="/" hidden>Way</a></nav>`;
    const body = `<body bgcolor="#888888" text="#777777"><main><h1>${"Hardly".repeat(40)}</h1><img src="/x">${hidden}</main></body>`;
    await page.setContent(`<html lang="en"><title>A page</title>${body}</html>`);
    const found = (await faultsIn(page)).map((fault) => fault.replace(/ at .*| is \d+/, ""));
    const ofOneWidth = (width: number) => [
      `at ${width} px it px too wide`,
      `at ${width} px one cannot see "Way"`,
      `${width} px, light: color-contrast`,
      `${width} px, light: image-alt`,
      `${width} px, dark: color-contrast`,
    ];
    expect(found).toEqual(['at 1000 px one cannot see "Way"', ...ofOneWidth(360), ...ofOneWidth(1280)]);
  });

  it("at the login, behind it, and where nothing is", async () => {
    await using studio = await productionStudio();
    await using page = await open({});
    await page.goto(studio.url);
    await page.getByLabel("Studio secret").fill("a guess that is wrong");
    await page.getByRole("button", { name: "Log in" }).click();
    expect(await faultsIn(page)).toEqual([]);
    await page.getByLabel("Studio secret").fill(STUDIO_SECRET);
    await page.getByRole("button", { name: "Log in" }).click();
    expect(await faultsIn(page)).toEqual([]);
    await page.goto(`${studio.url}/why?person=ada@example.com`);
    await page.getByRole("button", { name: "Reveal" }).click();
    expect(await faultsIn(page)).toEqual([]);
    studio.sandbox.posthog.injectFault(() => ({ status: 503 }));
    await page.goto(`${studio.url}/people/ada`);
    expect(await page.locator("main").textContent()).toContain("PostHog answered 503");
    expect(await faultsIn(page)).toEqual([]);
    await page.goto(`${studio.url}/nowhere`);
    expect(await faultsIn(page)).toEqual([]);
  });
});

async function unseenIn(page: Page, width: number): Promise<string[]> {
  const unseen = (await page.evaluate(UNSEEN)) as string[];
  return unseen.map((text) => `at ${width} px one cannot see "${text}"`);
}

/** The entries of a navigation and the cells of a table that one sees only in part before scrolling sideways. */
const UNSEEN = `[...document.querySelectorAll("nav a, main tbody th, main td")]
  .filter((one) => {
    const { left, right, width, height } = one.getBoundingClientRect();
    const area = one.closest(".scroll")?.getBoundingClientRect() ?? { left: 0, right: innerWidth };
    return width === 0 || height === 0 || left < area.left - 1 || right > area.right + 1;
  })
  .map((one) => one.textContent)`;

/** The script has tests of its own, and would listen for changes from each page. */
function withoutScript(html: string): string {
  const without = html.replace(/<script src="[^"]+" defer=""><\/script>/, "");
  expect(without).not.toContain("<script");
  return without;
}

/** In both colour schemes, on a phone and on a desk, and the layout also in between. */
async function faultsIn(page: Page): Promise<string[]> {
  const faults: string[] = [];
  await page.setViewportSize({ width: BETWEEN, height: 800 });
  faults.push(...(await unseenIn(page, BETWEEN)));
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 800 });
    const over = Number(await page.evaluate("document.documentElement.scrollWidth - innerWidth"));
    if (over > 0) faults.push(`at ${width} px it is ${over} px too wide`);
    faults.push(...(await unseenIn(page, width)));
    faults.push(...(await faultsOf(page)).map((fault) => `${width} px, ${fault}`));
  }
  return faults;
}
