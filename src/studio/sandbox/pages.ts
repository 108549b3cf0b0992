import { TRAVEL_TARGETS } from "../../contracts/sandbox.ts";
import type { Page } from "../page.ts";
import type { NavigationEntry } from "../ui/layout.tsx";
import { deliveriesPage, deliveryPage, resendAction } from "./deliveries.tsx";
import { fireAction, firePage, pasteAction } from "./fire.tsx";
import { markAction, messagePage, messagesPage } from "./messages.tsx";
import { changePersonAction, channelAction, cohortAction, peoplePage } from "./people.tsx";
import { backTo, type SandboxAction } from "./sandbox-page.ts";
import { stepPage, testAction } from "./step.tsx";
import { controlsAction } from "./step-controls.tsx";
import { storyPage } from "./story.tsx";

/** Lets time pass, and returns to the page of the form. */
const travelAction: SandboxAction = {
  path: "/time",
  async run({ to, here }, sandbox) {
    const target = TRAVEL_TARGETS.find((name) => name === to);
    if (target !== undefined) await sandbox.travel(target);
    return backTo(here);
  },
};

/** The pages that only the sandbox has. */
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
  channelAction,
  cohortAction,
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
