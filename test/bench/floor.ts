import { Client, workflow } from "@novu/framework";
import { serve } from "@novu/framework/express";
import express, { type Express } from "express";

type Schema = { type: "object" };
type Json = Record<string, unknown>;

/** The answers and schemas of our app for each step, which the floor has too. */
export interface FloorFacts {
  payloadSchema: Schema;
  /** By step: the schema of its controls, and the answer of our app. */
  steps: Record<string, { type: string; controlSchema: Schema; outputs: Json; providers: Json }>;
}

/**
 * Novu's framework alone: its own Express handler with strict authentication, and one workflow with the same steps up
 * to the called one. Each step has the schemas of ours and returns a fixed output of ours: the whole HTML, and for each
 * provider the whole text part and the headers. The framework's sanitizer is off, as in ours: it takes half the CPU.
 */
export function openFloor({ payloadSchema, steps }: FloorFacts, id: string): Express {
  const client = new Client({ secretKey: "benchmark", strictAuthentication: true, verbose: false });
  const floor = workflow(
    id,
    async ({ step }) => {
      for (const [name, { type, controlSchema, outputs, providers }] of Object.entries(steps)) {
        const fixed = async () => outputs as never;
        const options = { controlSchema, disableOutputSanitization: true } as const;
        if (type === "email") await step.email(name, fixed, { ...options, providers: functionsOf(providers) });
        else if (type === "in_app") await step.inApp(name, fixed, options);
        else await step.delay(name, fixed, { controlSchema });
      }
    },
    { payloadSchema },
  );
  const handler = serve({ client, workflows: [floor] });
  return express()
    .use(express.json({ limit: "2mb" }))
    .use("/api/novu", handler);
}

function functionsOf(providers: Json) {
  return Object.fromEntries(Object.entries(providers).map(([name, request]) => [name, () => request as Json]));
}
