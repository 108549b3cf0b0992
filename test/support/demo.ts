import { runAsMain } from "../../src/lib/run-as-main.ts";
import { demoOf } from "../../src/sandbox/demo/demo-command.ts";
import type { DemoStory } from "../../src/sandbox/demo/demo-story.ts";
import { onboarding } from "./product/onboarding.tsx";
import { productOf } from "./product/product.ts";
import { testSamples } from "./samples.ts";

/** Katherine completes onboarding without an event, so the events do not explain the message that she does not get. */
const story: DemoStory = {
  // A Monday.
  startsAt: Date.parse("2026-03-02T09:00:00.000Z"),
  days: 11,
  scenes: [
    {
      workflow: "onboarding",
      day: 0,
      text: "Katherine signs up",
      play: ({ posthog }) =>
        void posthog.capture({
          event: "user_signed_up",
          distinctId: "katherine",
          properties: { $set: testSamples.person("katherine") },
        }),
    },
    {
      workflow: "onboarding",
      day: 6,
      text: "An import completes Katherine's onboarding",
      play: ({ posthog }) => posthog.setPerson("katherine", { onboarding_completed: true }),
    },
  ],
  expected: [
    ["day 0 09:00", "katherine", "onboarding", "welcome", "sent"],
    ["day 0 09:00", "katherine", "onboarding", "welcome-note", "sent"],
    ["day 2 09:00", "katherine", "onboarding", "setup-nudge", "sent"],
    ["day 5 09:00", "katherine", "onboarding", "feature-spotlight", "sent"],
    ["day 10 09:00", "katherine", "onboarding", "check-in", "not sent: not needed: onboarding is completed"],
  ],
  surprise: { distinctId: "katherine", workflow: "onboarding", step: "check-in" },
};

/** The demo of the tests' product; also a process of its own. */
export const testDemo = demoOf(async () => ({ product: productOf([onboarding]), samples: testSamples, story }));

await runAsMain(testDemo, import.meta.url);
