import { existsSync } from "node:fs";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll } from "vitest";

/** The paths on Debian, Ubuntu and GitHub's runners. The first one, which .ci/run installs, needs half the CPU. */
const USUAL_PATHS = [
  "/usr/bin/chromium-headless-shell",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
];
const executablePath = process.env.CHROMIUM_PATH ?? USUAL_PATHS.find((path) => existsSync(path));

export const hasBrowser = executablePath !== undefined;
if (!hasBrowser) {
  const missing = `No Chromium at CHROMIUM_PATH, ${USUAL_PATHS.join(" or ")}`;
  if (process.env.CI) throw new Error(missing);
  process.stderr.write(`${missing}: the tests in a browser are skipped\n`);
}
/** Below the limit of a test, so that the error names the element. */
const WITHIN_MS = 30_000;

/** Chromium without a window. The caller closes it. */
export function openBrowser(): Promise<Browser> {
  // Its sandbox refuses root, and the /dev/shm of a container is too small.
  const args = ["--no-sandbox", "--disable-dev-shm-usage"];
  return chromium.launch({ ...(executablePath !== undefined && { executablePath }), args });
}

type TestPage = Page & AsyncDisposable;

/**
 * One Chromium and one page for all tests of a file, as each new one costs seconds. A test gets it empty, without
 * cookies or listeners. With options, a page with its own cookies that closes when its test ends.
 */
export function testBrowser(): (options?: BrowserContextOptions) => Promise<TestPage> {
  let browser: Browser;
  let shared: Page | undefined;
  beforeAll(async () => {
    browser = await openBrowser();
  }, WITHIN_MS);
  afterAll(() => browser?.close());
  return async (options) => {
    if (options !== undefined) {
      const page = await newPage(browser, options);
      return Object.assign(page, { [Symbol.asyncDispose]: () => page.context().close() });
    }
    shared ??= await newPage(browser, {});
    await clean(shared);
    return Object.assign(shared, { [Symbol.asyncDispose]: async () => {} });
  };
}

async function newPage(browser: Browser, options: BrowserContextOptions): Promise<Page> {
  // Without transitions, so that no test reads a colour in between.
  const context = await browser.newContext({ reducedMotion: "reduce", ...options });
  context.setDefaultTimeout(WITHIN_MS);
  return context.newPage();
}

async function clean(page: Page): Promise<void> {
  page.removeAllListeners("console");
  page.removeAllListeners("pageerror");
  await page.unrouteAll();
  await page.goto("about:blank");
  await page.context().clearCookies();
  await page.emulateMedia({ colorScheme: null });
}
