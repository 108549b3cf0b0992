import { Router } from "express";
import { z } from "zod";
import { answer, type RouteParts, refuse, refuseFields } from "./answer.ts";
import { type NovuState, WEEKDAYS } from "./state.ts";
import { existingSubscriber, idOf } from "./subscribers.ts";

const Day = z.object({
  isEnabled: z.boolean(),
  hours: z.array(z.object({ start: z.string(), end: z.string() })).optional(),
});
const Change = z
  .object({
    channels: z.record(z.string(), z.boolean()).optional(),
    workflowId: z.string().default(""),
    schedule: z
      .object({ isEnabled: z.boolean(), weeklySchedule: z.partialRecord(z.enum(WEEKDAYS), Day).optional() })
      .optional(),
  })
  .refine(({ channels, schedule }) => channels !== undefined || schedule !== undefined);

/** The preferences of a subscriber by workflow and channel, and their schedule. */
export function preferenceRoutes({ state, limited }: RouteParts): Router {
  const existing = existingSubscriber(state);
  return Router()
    .get("/v2/subscribers/:id/preferences", existing, (request, response) =>
      answer(response, 200, preferencesDto(state, idOf(request))),
    )
    .patch("/v2/subscribers/:id/preferences", limited, existing, (request, response) => {
      const change = Change.safeParse(request.body);
      if (!change.success) return refuseFields(response, ["channels must be an object"]);
      const { workflowId, channels, schedule } = change.data;
      if (workflowId !== "" && !state.workflows.some((workflow) => workflow.workflowId === workflowId))
        return refuse(response, 404, `Workflow with id: ${workflowId} is not found`);
      if (schedule !== undefined) state.schedules[idOf(request)] = schedule;
      const before = state.preferences[idOf(request)] ?? {};
      state.preferences[idOf(request)] = { ...before, [workflowId]: { ...before[workflowId], ...channels } };
      answer(response, 200, preferencesDto(state, idOf(request)));
    });
}

/** Only the channels that the subscriber has set. All others are on. */
function preferencesDto({ preferences, schedules, workflows }: NovuState, subscriberId: string): object {
  const { "": global, ...byWorkflow } = preferences[subscriberId] ?? {};
  const schedule = schedules[subscriberId];
  // A global preference appears at each workflow too.
  const listed = global === undefined ? Object.keys(byWorkflow) : workflows.map(({ workflowId }) => workflowId);
  return {
    global: { enabled: true, channels: global ?? {}, ...(schedule !== undefined && { schedule }) },
    workflows: listed.map((workflowId) => ({
      enabled: true,
      channels: { ...global, ...byWorkflow[workflowId] },
      overrides: [],
      workflow: {
        slug: `${workflowId}_wf`,
        identifier: workflowId,
        name: workflows.find((workflow) => workflow.workflowId === workflowId)?.name ?? workflowId,
      },
    })),
  };
}
