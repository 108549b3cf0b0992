import { expect, it } from "vitest";
import { z } from "zod";
import type { Comparison } from "../../../src/contracts/comparison.ts";
import { event } from "../../../src/engine/event.ts";
import { campaign } from "../../support/campaign.ts";
import { eventually, testSandbox } from "../../support/sandbox.ts";
import { cookieOf, logIn, productionStudio, visitor } from "../../support/studio.ts";

const SECRET = "4111 1111 of ada@example.com";

const workflows = [
  campaign({ id: "typo", on: [event("checkout_stared")] }),
  campaign({
    id: "amounts",
    on: [event("paid")],
    payload: z.object({ amount: z.number() }),
    from: ({ properties }) => ({ amount: properties.amount }),
  }),
];

const TYPO = '"checkout_stared" was never seen; PostHog has "checkout_started"';
const CHANGED =
  '"amount" is text in 1 of the newest 3 "paid", and a number in most others; amounts cannot read it there';

it("the workflows' pages show an event with a mistyped name, and a property that has changed its type", async () => {
  await using sandbox = await testSandbox({ workflows });
  const here = visitor(`${sandbox.app.url}/studio`);
  const texts = async (path: string) => {
    const { compared } = JSON.parse(await here.text(`/api${path}`)) as { compared: Comparison };
    return compared.problems.filter((one) => one.event !== null).map(({ text }) => text);
  };
  const capture = (name: string, properties = {}) =>
    sandbox.posthog.capture({ event: name, distinctId: "ada", properties });
  expect(await here.text("/workflows")).toContain("none of the events of the workflows has come yet");

  capture("checkout_started", { note: SECRET });
  for (const amount of [1, 2]) capture("paid", { amount });
  capture("answered");
  await sandbox.travel({ minutes: 1 });
  expect(await texts("/workflows")).toEqual([TYPO]);
  capture("paid", { amount: SECRET });
  await sandbox.travel({ minutes: 1 });
  expect(await texts("/workflows")).toEqual([TYPO, CHANGED]);

  const page = await here.text("/workflows");
  expect(page).toContain("checkout_started&quot;");
  expect(page).toMatch(/<code>checkout_stared<\/code>.*?never seen/s);
  expect(page).toMatch(/<code>paid<\/code>.*?another type/s);
  const one = await here.text("/workflows/amounts");
  expect(one).toContain("amounts cannot read it there");
  expect(one).not.toContain("checkout_stared");
  for (const text of [page, one, await here.text("/api/workflows")]) expect(text).not.toContain("4111");
});

it("a PostHog that answers late keeps no page waiting, is asked once for many pages, and then changes them", async () => {
  await using studio = await productionStudio();
  const cookie = cookieOf(await logIn(studio.url));
  const here = visitor(studio.url, cookie);
  let asked = 0;
  studio.sandbox.posthog.injectFault(({ path }) => {
    if (!path.includes("event_definitions")) return null;
    asked += 1;
    return { delayMs: 1_000 };
  });
  const live = await fetch(`${studio.url}/live`, { headers: { cookie } });
  const startedAt = performance.now();
  for (const path of ["/workflows", "/workflows", "/workflows/onboarding"])
    expect(await here.text(path)).toContain("PostHog has not answered yet");
  expect(performance.now() - startedAt).toBeLessThan(1_000);
  await eventually(() => asked === 1);

  const reader = live.body!.getReader();
  let heard = "";
  while (!heard.includes("data:")) heard += new TextDecoder().decode((await reader.read()).value);
  await reader.cancel();
  expect(await here.text("/workflows")).toContain("none of the events of the workflows has come yet");
  expect(asked).toBe(1);
});

it("a comparison in progress ends when the app stops, so that the process can end", async () => {
  await using studio = await productionStudio();
  const here = visitor(studio.url, cookieOf(await logIn(studio.url)));
  let open = 0;
  studio.sandbox.posthog.injectFault(({ path }) => {
    if (!path.includes("event_definitions")) return null;
    open += 1;
    return { delayMs: 60_000 };
  });
  expect(await here.text("/workflows")).toContain("PostHog has not answered yet");
  await eventually(() => open === 1);
  const startedAt = performance.now();
  await studio.app.stop({ drainMs: 0 });
  // The local PostHog can close only when nobody waits for its answer.
  await studio.sandbox.posthog.close(30_000);
  expect(performance.now() - startedAt).toBeLessThan(3_000);
});
