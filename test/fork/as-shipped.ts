import { existsSync } from "node:fs";

/** Workflows and emails that the tests in this folder change, in a copy. */
const CHANGED = [
  "src/workflows/onboarding.tsx",
  "src/workflows/onboarding-stalled.tsx",
  "src/workflows/step-nudge.tsx",
  "src/workflows/feature-adoption.tsx",
  "src/workflows/drop-off.tsx",
  "src/workflows/session-drop-off.tsx",
  "src/workflows/welcome-to-paid.tsx",
  "src/workflows/re-engagement.tsx",
  "emails/welcome.tsx",
];

/** Whether this checkout has them all. A fork that has removed one has no use for these tests. */
export const isAsShipped = CHANGED.every((file) => existsSync(new URL(`../../${file}`, import.meta.url)));
if (!isAsShipped) process.stderr.write("a shipped workflow is removed: the tests that change them all are skipped\n");
