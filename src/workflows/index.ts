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

/** Every workflow. A workflow that is not in this list starts no runs, and the next sync deletes it at Novu. */
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
