import type { Action, Page, SandboxAction } from "../page.ts";
import type { NavigationEntry } from "../ui/layout.tsx";
import { controlsAction } from "./controls.tsx";
import { deliveriesPage } from "./deliveries.tsx";
import { deliveryPage, resendAction } from "./delivery.tsx";
import { fireAction, firePage, pasteAction } from "./fire.tsx";
import { ignoredPage } from "./ignored.tsx";
import { markAction, messagePage } from "./message.tsx";
import { messagesPage } from "./messages.tsx";
import { overviewPage } from "./overview.tsx";
import { changePersonAction, peoplePage } from "./people.tsx";
import { personPage } from "./person.tsx";
import { queuePage, redriveAction } from "./queue.tsx";
import { runPage } from "./run.tsx";
import { runsPage } from "./runs.tsx";
import { stepPage, testAction } from "./step.tsx";
import { storyPage } from "./story.tsx";
import { travelAction } from "./travel.ts";
import { whyPage } from "./why.tsx";
import { workflowPage } from "./workflow.tsx";
import { workflowsPage } from "./workflows.tsx";

/** In production and in the sandbox. */
export const PAGES: Page[] = [
  overviewPage,
  runsPage,
  runPage,
  whyPage,
  personPage,
  queuePage,
  ignoredPage,
  workflowsPage,
  workflowPage,
];
export const ACTIONS: Action[] = [redriveAction];

export const NAVIGATION: NavigationEntry[] = [
  { name: "Overview", path: "/studio", icon: "overview" },
  { name: "Runs", path: "/studio/runs", icon: "runs" },
  { name: "Why?", path: "/studio/why", icon: "why" },
  { name: "Queue", path: "/studio/queue", icon: "queue" },
  { name: "Ignored", path: "/studio/ignored", icon: "ignored" },
  { name: "Workflows", path: "/studio/workflows", icon: "workflows" },
];

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
