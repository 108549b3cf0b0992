import { dropOff } from "./drop-off.tsx";
import { featureAdoption } from "./feature-adoption.tsx";
import type { LifecycleWorkflow } from "./lifecycle.ts";
import { onboarding } from "./onboarding.tsx";
import { onboardingStalled } from "./onboarding-stalled.tsx";
import { reEngagement } from "./re-engagement.tsx";
import { stepNudge } from "./step-nudge.tsx";

/** Every workflow there is. What is not in this list is not routed, not published and, at the next sync, deleted at Novu. */
export const workflows: LifecycleWorkflow[] = [
  onboarding,
  dropOff,
  reEngagement,
  onboardingStalled,
  stepNudge,
  featureAdoption,
];
