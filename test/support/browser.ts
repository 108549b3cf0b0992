import { existsSync } from "node:fs";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll } from "vitest";

/** Where Debian, Ubuntu and GitHub's runners have one; .ci/run installs Debian's. */
const USUAL_PATHS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const executablePath = process.env.CHROMIUM_PATH ?? USUAL_PATHS.find((path) => existsSync(path));

export const hasBrowser = executablePath !== undefined;
if (!hasBrowser) {
  const missing = `No Chromium at CHROMIUM_PATH, ${USUAL_PATHS.join(" or ")}`;
  if (process.env.CI) throw new Error(missing);
  process.stderr.write(`${missing}: the tests in a browser are skipped\n`);
}
/** Below a test's own limit, so that the error says what was looked for. */
const WITHIN_MS = 30_000;

/** Chromium without a window; whoever opens it closes it. */
export function openBrowser(): Promise<Browser> {
  // Its own sandbox refuses root, and the small /dev/shm of a container is too small for it.
  const args = ["--no-sandbox", "--disable-dev-shm-usage"];
  return chromium.launch({ ...(executablePath !== undefined && { executablePath }), args });
}

/** One Chromium for all tests of a file; each page has cookies of its own and is gone when its test ends. */
export function testBrowser(): (options?: BrowserContextOptions) => Promise<Page & AsyncDisposable> {
  let browser: Browser;
  beforeAll(async () => {
    browser = await openBrowser();
  }, WITHIN_MS);
  afterAll(() => browser?.close());
  return async (options) => {
    // A colour on its way to another is looked at by nobody.
    const context = await browser.newContext({ reducedMotion: "reduce", ...options });
    context.setDefaultTimeout(WITHIN_MS);
    const page = await context.newPage();
    return Object.assign(page, { [Symbol.asyncDispose]: () => context.close() });
  };
}
