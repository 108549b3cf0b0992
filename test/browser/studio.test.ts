import type { Page } from "playwright-core";
import { createElement } from "react";
import { describe, expect, it } from "vitest";
import { hasBrowser, testBrowser } from "../support/browser.ts";
import { campaign, happen } from "../support/campaign.ts";
import { freePort } from "../support/free-port.ts";
import { testSandbox } from "../support/sandbox.ts";
import { productionStudio, STUDIO_SECRET } from "../support/studio.ts";

describe.skipIf(!hasBrowser)("in a browser", () => {
  const open = testBrowser();

  it("an event is fired, days pass, the email opens, the person exits, and the reason of the next message is shown", async () => {
    await using sandbox = await testSandbox();
    await using page = await open();
    const problems: string[] = [];
    page.on("console", (message) => problems.push(message.text()));
    page.on("pageerror", ({ message }) => problems.push(message));
    await page.goto(`${sandbox.app.url}/studio`);
    await go(page, "Fire an event");
    await fire(page, "user_signed_up", { "Person (distinct id)": "grace", "invited_by text": "Ada" });
    expect(await main(page)).toContain("accepted");

    await page.getByRole("main").getByRole("link", { name: "user_signed_up", exact: true }).click();
    const run = page.url();
    expect(await main(page)).toContain("A run is still in progress.");
    for (let day = 1; day <= 2; day += 1) await page.getByRole("button", { name: "+1 day" }).click();
    expect(page.url()).toBe(run);
    expect(await page.locator(".time-bar time").textContent()).toContain("2026-03-04 09:00 UTC");
    expect(await main(page)).toContain("setup-nudge (email) was sent.");

    await go(page, "Messages");
    await page.getByRole("link", { name: /connect your data/ }).click();
    await page.getByRole("link", { name: "Phone" }).click();
    await page.getByRole("link", { name: "Dark" }).click();
    const email = page.frameLocator("iframe");
    expect(await email.locator("h1").textContent()).toContain("connect your data");
    // It has no part in the studio's own origin.
    expect(await page.frames()[1]!.evaluate("origin")).toBe("null");

    await go(page, "Fire an event");
    const set = '{ "$set": { "onboarding_completed": true } }';
    await fire(page, "onboarding_completed", { "Person (distinct id)": "grace" }, set);
    await page.goto(run);
    expect(await main(page)).toContain(
      "feature-spotlight (email) was not sent: the person had exited by onboarding_completed",
    );
    await page.getByRole("button", { name: "+1 day" }).click();
    await go(page, "Messages");
    expect(await page.locator("tbody tr").count()).toBe(3);
    expect(problems).toEqual([]);
  });

  it("an open page refreshes itself, but not while a person types", async () => {
    await using sandbox = await testSandbox();
    await using page = await open();
    await page.goto(`${sandbox.app.url}/studio/runs`);
    const capture = (distinctId: string) => sandbox.posthog.capture({ event: "user_signed_up", distinctId });
    capture("ada");
    await page.getByRole("cell", { name: "ada" }).waitFor();
    await page.getByRole("searchbox").fill("gra");
    capture("joan");
    await sandbox.settled();
    expect(await page.getByRole("searchbox").inputValue()).toBe("gra");
  });

  it("an open preview renews itself when the app starts again with another email", async () => {
    const saying = (text: string) =>
      campaign({
        workflow: ({ step }) =>
          step.email("call", () => ({ subject: "An offer", body: createElement("p", null, text) })),
      });
    const ports = { app: await freePort(), posthog: 0, novu: 0, segment: 0 };
    await using sandbox = await testSandbox({ workflows: [saying("Have a look")], ports });
    happen(sandbox, "$set");
    await sandbox.settled();
    await using page = await open();
    await page.goto(`${sandbox.app.url}/studio/workflows/campaign/steps/call?person=ada`);
    const email = page.frameLocator("iframe");
    await email.getByText("Have a look").waitFor();
    await sandbox.restartApp({ workflows: [saying("Look again")] });
    await email.getByText("Look again").waitFor();
  });

  it("works without its script", async () => {
    await using sandbox = await testSandbox();
    await using page = await open({ javaScriptEnabled: false });
    await page.goto(`${sandbox.app.url}/studio/fire?event=checkout_started`);
    await page.getByLabel("cart_value").fill("much");
    await page.getByRole("button", { name: "Fire" }).click();
    expect(await main(page)).toContain("cart_value");
    await page.goto(`${sandbox.app.url}/studio/fire?event=checkout_started`);
    await page.getByLabel("cart_value").fill("80.5");
    await page.getByLabel("currency").fill("");
    await page.getByRole("button", { name: "Fire" }).click();
    expect(await main(page)).toContain("accepted");
    const { properties } = sandbox.posthog.state.events.findLast(({ event }) => event === "checkout_started")!;
    expect(properties).toMatchObject({ cart_value: 80.5, checkout_url: expect.stringContaining("https://") });
    expect(properties).not.toHaveProperty("currency");
    await page.getByRole("button", { name: "+1 hour" }).click();
    expect(sandbox.novu.state.messages).toHaveLength(1);
  });

  it("its operator logs in with the secret, and out", async () => {
    await using studio = await productionStudio();
    await using page = await open();
    await page.goto(`${studio.url}/runs`);
    expect(page.url()).toContain("/studio/login");
    const logIn = async (secret: string) => {
      await page.getByLabel("Studio secret").fill(secret);
      await page.getByRole("button", { name: "Log in" }).click();
    };
    await logIn("open sesame, pleasf");
    expect(await main(page)).toContain("The secret is wrong.");
    expect(await page.context().cookies()).toEqual([]);
    await logIn(STUDIO_SECRET);
    expect(page.url()).toBe(`${studio.url}/runs`);
    expect(await page.context().cookies()).toMatchObject([
      { name: "studio_session", httpOnly: true, sameSite: "Strict", path: "/studio" },
    ]);
    expect(await page.evaluate("document.cookie")).toBe("");

    await page.getByRole("button", { name: "Log out" }).click();
    expect(page.url()).toContain("/studio/login");
    await page.goto(`${studio.url}/runs`);
    expect(page.url()).toContain("/studio/login");
  });

  it("a page elsewhere cannot press its buttons, even with full knowledge", async () => {
    await using studio = await productionStudio();
    await using page = await open();
    await page.goto(`${studio.url}/login`);
    await page.getByLabel("Studio secret").fill(STUDIO_SECRET);
    await page.getByRole("button", { name: "Log in" }).click();
    const token = await page.locator('input[name="token"]').first().inputValue();

    const pressFrom = async (origin: string) => {
      await page.route(`${origin}/**`, (route) =>
        route.fulfill({
          contentType: "text/html",
          body: `<form method="post" action="${studio.url}/logout"><input name="token" value="${token}"><button>Win</button></form>`,
        }),
      );
      await page.goto(`${origin}/prize`);
      const answer = page.waitForResponse(`${studio.url}/logout`);
      await page.getByRole("button", { name: "Win" }).click();
      return (await answer).status();
    };
    // Another site sends no cookie along; another port of this host would, and has another origin than its own pages.
    await pressFrom("http://elsewhere.example");
    expect(await pressFrom("http://127.0.0.1:9")).toBe(403);
    await page.goto(`${studio.url}/runs`);
    expect(page.url()).toBe(`${studio.url}/runs`);
    expect(studio.logged().filter(({ outcome }) => outcome === "done")).toEqual([]);
  });
});

/** Somewhere by the navigation. */
async function go(page: Page, name: string): Promise<void> {
  await page.getByRole("navigation", { name: "Studio" }).getByRole("link", { name, exact: true }).click();
}

async function fire(page: Page, event: string, fields: Record<string, string>, json?: string): Promise<void> {
  await page.getByRole("navigation", { name: "Event" }).getByRole("link", { name: event, exact: true }).click();
  for (const [label, value] of Object.entries(fields)) await page.getByLabel(label).fill(value);
  if (json !== undefined) {
    const field = page.locator('textarea[name="properties"]');
    if (!(await field.isVisible())) await page.getByText("More properties, as JSON").click();
    await field.fill(json);
  }
  await page.getByRole("button", { name: "Fire" }).click();
}

async function main(page: Page): Promise<string> {
  return (await page.locator("main").textContent()) ?? "";
}
