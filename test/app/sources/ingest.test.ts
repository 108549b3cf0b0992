import { expect, it } from "vitest";
import { openStory } from "../../support/story.ts";

const checkout = { checkout_url: "https://app.acme.example/checkout/c_1" };

it("an answer says what an event starts nothing of, also when it changes what is known of the person", async () => {
  await using story = await openStory({ people: { ada: {} } });
  await story.does("ada", "checkout_started", { checkout_url: "javascript:alert(1)" }, { plan: "free" });
  await story.does("ada", "session_ended", { key_action: "build_report" }, { phone: "+491701234567" });
  await story.does("ada", "checkout_started", checkout, { plan: "free" });
  const [broken, other, started] = story.answers("ada").map((answer) => JSON.parse(answer) as Record<string, string>);
  expect(broken?.but ?? broken?.ignored).toMatch(/^does not fit drop-off: checkout_url: /);
  expect(other).toEqual({
    accepted: "ada-2",
    but: 'not one of the "session_ended" that session-drop-off asks for',
  });
  expect(started).toEqual({ accepted: "ada-3" });
  expect(story.answers("ada").join()).not.toContain("javascript");
});
