import type { Page } from "../page.ts";
import type { NavigationEntry } from "../ui/layout.tsx";
import { controlsAction } from "./controls.tsx";
import { deliveriesPage } from "./deliveries.tsx";
import { deliveryPage, resendAction } from "./delivery.tsx";
import { fireAction, firePage, pasteAction } from "./fire.tsx";
import { markAction, messagePage } from "./message.tsx";
import { messagesPage } from "./messages.tsx";
import { changePersonAction, peoplePage } from "./people.tsx";
import type { SandboxAction } from "./sandbox-page.ts";
import { stepPage, testAction } from "./step.tsx";
import { storyPage } from "./story.tsx";
import { travelAction } from "./travel.ts";

/** In the sandbox only. */
export const SANDBOX_PAGES: Page[] = [
  messagesPage,
  messagePage,
  firePage,
  deliveriesPage,
  deliveryPage,
  peoplePage,
  storyPage,
  stepPage,
];
export const SANDBOX_ACTIONS: SandboxAction[] = [
  travelAction,
  markAction,
  fireAction,
  pasteAction,
  resendAction,
  changePersonAction,
  controlsAction,
  testAction,
];

export const SANDBOX_NAVIGATION: NavigationEntry[] = [
  { name: "Fire an event", path: "/studio/fire", icon: "fire" },
  { name: "Messages", path: "/studio/messages", icon: "messages" },
  { name: "People", path: "/studio/people", icon: "people" },
  { name: "Deliveries", path: "/studio/deliveries", icon: "deliveries" },
  { name: "Export a story", path: "/studio/story", icon: "story" },
];
