import type { Action, Page } from "../page.ts";
import type { NavigationEntry } from "../ui/layout.tsx";
import { ignoredPage } from "./ignored.tsx";
import { overviewPage } from "./overview.tsx";
import { personPage } from "./person.tsx";
import { queuePage, redriveAction } from "./queue.tsx";
import { runPage } from "./run.tsx";
import { runsPage } from "./runs.tsx";
import { whyPage } from "./why.tsx";
import { workflowPage, workflowsPage } from "./workflows.tsx";

/** The pages that production and the sandbox both have. */
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
