import { dropOff } from "./drop-off.tsx";
import type { LifecycleWorkflow } from "./lifecycle.ts";
import { onboarding } from "./onboarding.tsx";
import { paidConversion } from "./paid-conversion.tsx";
import { reEngagement } from "./re-engagement.tsx";
import { sessionDropOff } from "./session-drop-off.tsx";
import { welcomeToPaid } from "./welcome-to-paid.tsx";

/** Every workflow there is. What is not in this list is not routed, not published and, at the next sync, deleted at Novu. */
export const workflows: LifecycleWorkflow[] = [
  onboarding,
  dropOff,
  reEngagement,
  sessionDropOff,
  paidConversion,
  welcomeToPaid,
];
