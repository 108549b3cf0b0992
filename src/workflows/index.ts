import type { LifecycleWorkflow } from "../engine/lifecycle.ts";
import { dropOff } from "./drop-off.tsx";
import { featureAdoption } from "./feature-adoption.tsx";
import { onboarding } from "./onboarding.tsx";
import { onboardingStalled } from "./onboarding-stalled.tsx";
import { paidConversion } from "./paid-conversion.tsx";
import { reEngagement } from "./re-engagement.tsx";
import { sessionDropOff } from "./session-drop-off.tsx";
import { stepNudge } from "./step-nudge.tsx";
import { welcomeToPaid } from "./welcome-to-paid.tsx";

/** Every workflow there is. What is not in this list is not routed, not published and, at the next sync, deleted at Novu. */
export const workflows: LifecycleWorkflow[] = [
  onboarding,
  onboardingStalled,
  stepNudge,
  featureAdoption,
  dropOff,
  sessionDropOff,
  paidConversion,
  welcomeToPaid,
  reEngagement,
];
