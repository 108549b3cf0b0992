import { Client } from "@novu/framework";
import { z } from "zod";
import { sampleDependencies } from "../../app/step-dependencies.ts";
import { Channel } from "../../contracts/channel.ts";
import type { NovuPlan } from "../../contracts/novu.ts";
import type { Product } from "../../contracts/product.ts";
import type { LifecycleWorkflow } from "../../engine/lifecycle.ts";

/** JSON schema, as Novu publishes it. */
export const Schema = z.record(z.string(), z.unknown());
export type Schema = z.infer<typeof Schema>;

const WithSchema = z.object({ schema: Schema.default({}) }).default({ schema: {} });

const Switch = z.object({ enabled: z.boolean().optional(), readOnly: z.boolean().optional() });

/** Default preferences of a workflow; subscribers may change them. */
export const Preferences = z.object({
  all: Switch.optional(),
  channels: z.record(z.string(), Switch).optional(),
});
export type Preferences = z.infer<typeof Preferences>;

/** The parts of a bridge's answer to `discover` that a sync uses. */
export const Discovered = z.object({
  workflows: z.array(
    z.object({
      workflowId: z.string(),
      name: z.string().optional(),
      description: z.string().optional(),
      tags: z.array(z.string()).optional(),
      severity: z.string().optional(),
      preferences: Preferences.optional(),
      payload: WithSchema,
      steps: z.array(
        z.object({ stepId: z.string(), type: z.string(), controls: WithSchema, outputs: WithSchema.optional() }),
      ),
    }),
  ),
});

/** The parts of a product that its workflows' discovery needs. */
export type Discoverable = Pick<Product<LifecycleWorkflow>, "workflows" | "locales">;

/** The workflows to publish. */
export type Manifest = z.infer<typeof Discovered>["workflows"];

/** The workflows of this source tree for a plan of Novu; needs no running bridge. */
export async function readManifest({ workflows, locales }: Discoverable, plan: NovuPlan): Promise<Manifest> {
  const deps = sampleDependencies({ config: { novu: { plan } }, locales, link: (url) => url, now: Date.now });
  // The client needs a key only for calls from Novu, and this client gets none.
  const client = new Client({ secretKey: "none", strictAuthentication: true, verbose: false });
  for (const workflow of workflows) {
    await client.addWorkflows([workflow.build(deps)]).catch((error: unknown) => {
      throw new Error(`the workflow "${workflow.id}" cannot be used`, { cause: error });
    });
  }
  return Discovered.parse(client.discover()).workflows;
}

/** The empty schemas. A message with an empty schema has no controls; a workflow with one gets the payload `{}`. */
export function emptySchemas(manifest: Manifest): string[] {
  return manifest.flatMap(({ workflowId, payload, steps }) => [
    ...(isEmpty(payload.schema) ? [`the payload of "${workflowId}"`] : []),
    ...steps
      .filter(({ type, controls }) => isMessage(type) && isEmpty(controls.schema))
      .map(({ stepId }) => `the controls of "${workflowId}/${stepId}"`),
  ]);
}

/** Whether a step of this type sends a message. Such a step has at least the control that turns the message off. */
export function isMessage(type: string): boolean {
  return Channel.safeParse(type).success;
}

function isEmpty({ properties }: Schema): boolean {
  return Object.keys((properties as object | undefined) ?? {}).length === 0;
}
