import { z } from "zod";
import { CHANNELS } from "../../../contracts/channel.ts";
import type { NovuState, PublishedWorkflow } from "../state.ts";
import { workflowDto } from "./notes.ts";

const Changes = z.record(z.string(), z.unknown()).catch({});

/** A subscriber's preferences as Novu shows them to the Inbox: for all workflows, then for each. */
export function listPreferences(state: NovuState, subscriberId: string) {
  const { "": global, ...here } = state.preferences[subscriberId] ?? {};
  const on = (own: Record<string, boolean> | undefined, channels: string[]) =>
    Object.fromEntries(channels.map((channel) => [channel, own?.[channel] ?? global?.[channel] ?? true]));
  const schedule = state.schedules[subscriberId] ?? { isEnabled: false };
  const rest = { enabled: true, overrides: [] };
  return [
    { ...rest, level: "global", channels: on(undefined, Object.keys(CHANNELS)), schedule, workflow: undefined },
    ...state.workflows.map((workflow) => {
      const channels = on(here[workflow.workflowId], channelsOf(workflow));
      return { ...rest, level: "template", channels, workflow: workflowDto(workflow) };
    }),
  ];
}

/** Turns channels on or off for a workflow, or with "" for all. */
export function changePreference(state: NovuState, subscriberId: string, workflow: string, body: unknown): void {
  const changes = Object.entries(Changes.parse(body)).filter(
    (pair): pair is [string, boolean] => pair[0] in CHANNELS && typeof pair[1] === "boolean",
  );
  const before = state.preferences[subscriberId] ?? {};
  const channels = { ...before[workflow], ...Object.fromEntries(changes) };
  state.preferences[subscriberId] = { ...before, [workflow]: channels };
}

function channelsOf({ steps }: PublishedWorkflow): string[] {
  return Object.keys(CHANNELS).filter((channel) => steps.some(({ type }) => type === channel));
}
