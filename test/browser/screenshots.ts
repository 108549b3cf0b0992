import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { print } from "../../src/lib/command-io.ts";
import { openBrowser } from "../support/browser.ts";
import { addressesOf, busyStory } from "../support/busy-studio.ts";

/** npm run screenshots: the pages that the README shows, always of the same story at the same moment. */
const FOLDER = fileURLToPath(new URL("../../.github/screenshots/", import.meta.url));
const WIDTH = 1100;

await using story = await busyStory();
const addresses = addressesOf(story.sandbox);
/** Where each page is, and how much of it is shown, in pixels. */
const pages: Record<string, [address: string | undefined, height: number]> = {
  overview: ["/", 1000],
  run: [addresses["/runs/:run"]?.[0], 1150],
  why: ["/why?person=linus&workflow=onboarding", 1000],
  message: [addresses["/messages/:message"]?.at(-2), 1000],
  fire: ["/fire?event=checkout_started&person=grace", 1000],
};

const browser = await openBrowser();
try {
  mkdirSync(FOLDER, { recursive: true });
  const page = await browser.newPage({ colorScheme: "light", reducedMotion: "reduce" });
  for (const [name, [address, height]] of Object.entries(pages)) {
    await page.setViewportSize({ width: WIDTH, height });
    await page.goto(`${story.sandbox.app.url}/studio${address}`);
    const file = join(FOLDER, `${name}.png`);
    writeFileSync(file, await page.screenshot());
    print(`${file}  ${Math.ceil(statSync(file).size / 1024)} KB`);
  }
} finally {
  await browser.close();
}
