import { Client, type Workflow } from "@novu/framework";
import { describe, expect, it } from "vitest";
import { NOVU_PLANS } from "../../src/contracts/novu.ts";
import { type PersonProperties, readPerson } from "../../src/contracts/person.ts";
import type { Product } from "../../src/contracts/product.ts";
import type { LifecycleWorkflow } from "../../src/engine/lifecycle.ts";
import type { StepDependencies } from "../../src/engine/run-context.ts";
import { NOVU_UNITS_MS } from "../../src/lib/durations.ts";

const HOUR_MS = 60 * 60 * 1000;
const DAY_MS = 24 * HOUR_MS;

/** A preview makes no request and records nothing. */
export const sampleDependencies = ({
  samplePerson = {},
  locales,
}: Pick<Product<never>, "locales"> & { samplePerson?: Partial<PersonProperties> }): StepDependencies => ({
  longestDelayMs: DAY_MS,
  // After every date of a preview, so that a wait until a date is over.
  now: () => Date.parse("2100-01-01T00:00:00.000Z"),
  emailProviders: ["resend"],
  usesNovuAddresses: false,
  locales,
  unsubscribeText: () => "Unsubscribe",
  unsubscribeUrl: ({ topic }) => `https://bridge.example/u/${topic}`,
  person: async () => ({ ...readPerson(samplePerson), distinctId: "sample", source: "sample" }),
  whyInternal: () => null,
  exitedBy: () => Promise.reject(new Error("a preview asked whether somebody left")),
  guard: () => Promise.reject(new Error("a preview asked whether it may go out")),
  variants: async () => ({}),
  untilHoursMs: () => HOUR_MS,
  link: (url) => url,
  countAttempt: () => Promise.reject(new Error("a preview was put off")),
  expectCallAfter: () => Promise.reject(new Error("a preview was waited for")),
  isTurnedOn: async () => true,
  decisionsOf: async () => [],
  savedValues: async () => ({}),
  saveValue: () => Promise.reject(new Error("a preview saved a value")),
  refreshSubscriber: () => Promise.reject(new Error("a preview had an address looked at")),
  mayEndAtThrottle: () => Promise.reject(new Error("a preview was throttled")),
});

/** The promises of every workflow: Novu can discover and preview it, and each plan allows its waits. */
export function describeWorkflows({
  workflows,
  samplePerson,
  locales,
}: Pick<Product<LifecycleWorkflow>, "workflows" | "samplePerson" | "locales">): void {
  const deps = sampleDependencies({ samplePerson, locales });

  describe.each(workflows)("$id", (lifecycleWorkflow) => {
    it("is discovered with its schema, controls and steps", async () => {
      const { payload, steps, name, description, tags } = await lifecycleWorkflow.build(deps).discover();
      expect(Object.keys((payload.schema as { properties: object }).properties)).toContain("run");
      expect([name, description, tags]).toEqual([
        lifecycleWorkflow.name,
        expect.stringMatching(/.{10}/),
        ["lifecycle", lifecycleWorkflow.category, lifecycleWorkflow.topic ?? []].flat(),
      ]);
      for (const email of steps.filter(({ type }) => type === "email")) {
        expect(email.controls.schema).toMatchObject({
          properties: { subject: { type: "string", title: "Subject", default: expect.any(String) } },
        });
      }
    });

    it("previews each of its steps, without any call", async () => {
      const { client, steps } = await discovered(lifecycleWorkflow.build(deps));
      const { topic } = lifecycleWorkflow;
      for (const { stepId, type } of steps) {
        const { outputs } = await preview(client, lifecycleWorkflow.id, stepId);
        if (type === "email") {
          expect(outputs).toEqual({ subject: expect.any(String), body: expect.stringMatching(/^<!DOCTYPE html>/) });
          expect(/href="([^"]+)"[^>]*>Unsubscribe</.exec((outputs as { body: string }).body)?.[1]).toBe(
            topic === null ? undefined : `https://bridge.example/u/${topic}`,
          );
        } else expect(Object.keys(outputs)).not.toEqual([]);
      }
    });

    it("waits the same on every plan, and never longer at once than the plan takes", async () => {
      const waits = await Promise.all(
        Object.values(NOVU_PLANS).map(async ({ longestDelayMs, mostSteps }) => {
          const { client, steps } = await discovered(lifecycleWorkflow.build({ ...deps, longestDelayMs }));
          expect(steps.length).toBeLessThanOrEqual(mostSteps);
          const delays = await Promise.all(
            steps
              .filter(({ stepId, type }) => type === "delay" && !stepId.endsWith("-hours"))
              .map(async ({ stepId }) => delayMs((await preview(client, lifecycleWorkflow.id, stepId)).outputs)),
          );
          expect(Math.max(0, ...delays)).toBeLessThanOrEqual(longestDelayMs);
          return delays.reduce((sum, ms) => sum + ms, 0);
        }),
      );
      expect(new Set(waits).size).toBe(1);
    });
  });

  it("each workflow has an id of its own", () => {
    expect(new Set(workflows.map(({ id }) => id)).size).toBe(workflows.length);
  });
}

async function discovered(workflow: Workflow) {
  const client = new Client({ secretKey: "k", strictAuthentication: true, verbose: false });
  await client.addWorkflows([workflow]);
  return { client, steps: client.discover().workflows[0]?.steps ?? [] };
}

function preview(client: Client, workflowId: string, stepId: string) {
  // The framework's type is an enum that it does not export.
  const action = "preview" as Parameters<Client["executeWorkflow"]>[0]["action"];
  return client.executeWorkflow({
    workflowId,
    stepId,
    action,
    payload: {},
    controls: {},
    state: [],
    subscriber: {},
    context: {},
    env: { name: "Local", type: "dev" },
  });
}

function delayMs({ amount, unit }: Record<string, unknown>): number {
  return Number(amount) * (NOVU_UNITS_MS[String(unit)] ?? Number.NaN);
}
