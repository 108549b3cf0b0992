import { Client, workflow } from "@novu/framework";
import { Channel } from "../contracts/decision.ts";
import type { ExecuteBody } from "./bridge-call.ts";

type Schema = Record<string, unknown>;

const ID = "controls";
const STEP = "message";
/** The outputs that the framework does not take empty, by channel. */
const NEVER_EMPTY: Record<Channel, string[]> = {
  email: ["subject"],
  in_app: ["subject", "body"],
  push: [],
  sms: [],
  chat: [],
};

/**
 * The names of the controls with which Novu's framework refuses a step: values that the schema does not
 * take, that are no Liquid, or that leave empty what must say something. All of them when only their
 * combination is refused. The framework itself is the judge, with the facts of a call, or with nobody's:
 * then a value that fails for some people only is not found.
 */
export async function unusableControls(
  schema: Schema,
  values: Schema,
  type: string,
  call?: ExecuteBody,
): Promise<string[]> {
  const names = Object.keys(values);
  if (names.length === 0) return [];
  const empty = emptiedControls(values, type);
  const rest = names.filter((name) => !empty.includes(name));
  const rendered = await render(schema, only(values, rest), call);
  if (rendered !== null) return call ? emptiedControls({ ...values, ...only(rendered, rest) }, type) : empty;
  // One value alone lacks those that have no default.
  const alone = { ...schema, required: [] };
  const refused: string[] = [];
  for (const name of rest) {
    const said = await render(alone, only(values, [name]), call);
    if (said === null || (call && emptiedControls(only(said, [name]), type).length > 0)) refused.push(name);
  }
  const isTogether = refused.length === 0 && (await render(schema, {}, call)) !== null;
  return [...empty, ...(isTogether ? rest : refused)];
}

/** The names of those that say nothing, where the framework takes no message without them. */
export function emptiedControls(values: Schema, type: string): string[] {
  const channel = Channel.safeParse(type);
  if (!channel.success) return [];
  return Object.keys(values).filter((name) => {
    const value = values[name];
    return NEVER_EMPTY[channel.data].includes(name) && typeof value === "string" && value.trim() === "";
  });
}

/** The values as a step with this schema gets them; null where it does not run with them. */
async function render(schema: Schema, controls: Schema, call: Partial<ExecuteBody> = {}): Promise<Schema | null> {
  const client = new Client({ secretKey: "none", strictAuthentication: true, verbose: false });
  let rendered: Schema = {};
  const judge = workflow(ID, async ({ step }) => {
    const keep = async (said: unknown) => {
      rendered = said as Schema;
      return {};
    };
    await step.custom(STEP, keep, { controlSchema: { type: "object", ...schema } as const });
  });
  await client.addWorkflows([judge]);
  try {
    await client.executeWorkflow({
      payload: {},
      // The trigger itself.
      state: [{ stepId: "", outputs: {}, state: { status: "completed" } }],
      subscriber: {},
      context: {},
      env: { name: "", type: "" },
      ...call,
      action: "execute",
      workflowId: ID,
      stepId: STEP,
      controls,
    } as unknown as Parameters<Client["executeWorkflow"]>[0]);
    return rendered;
  } catch {
    return null;
  }
}

function only(values: Schema, names: string[]): Schema {
  return Object.fromEntries(names.map((name) => [name, values[name]]));
}
