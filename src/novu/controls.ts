import { Client, workflow } from "@novu/framework";
import { Channel } from "../contracts/decision.ts";

type Schema = Record<string, unknown>;

const ID = "controls";
const STEP = "message";
/** Whose output the framework does not take empty, by channel. */
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
 * combination is refused. The framework itself is the judge, with nobody's data: a value that fails for
 * some people only is not found.
 */
export async function unusableControls(schema: Schema, values: Schema, type: string): Promise<string[]> {
  const names = Object.keys(values);
  if (names.length === 0) return [];
  const empty = names.filter((name) => isEmptied(type, name, values[name]));
  const rest = names.filter((name) => !empty.includes(name));
  if (await takes(schema, only(values, rest))) return empty;
  // One value alone lacks those that have no default.
  const alone = { ...schema, required: [] };
  const refused: string[] = [];
  for (const name of rest) if (!(await takes(alone, only(values, [name])))) refused.push(name);
  const isTogether = refused.length === 0 && (await takes(schema, {}));
  return [...empty, ...(isTogether ? rest : refused)];
}

/** Whether a step with this schema runs with these values. */
async function takes(schema: Schema, controls: Schema): Promise<boolean> {
  const client = new Client({ secretKey: "none", strictAuthentication: true, verbose: false });
  const judge = workflow(ID, async ({ step }) => {
    await step.custom(STEP, async () => ({}), { controlSchema: { type: "object", ...schema } as const });
  });
  await client.addWorkflows([judge]);
  try {
    await client.executeWorkflow({
      action: "execute",
      workflowId: ID,
      stepId: STEP,
      payload: {},
      controls,
      // The trigger itself.
      state: [{ stepId: "", outputs: {}, state: { status: "completed" } }],
      subscriber: {},
      context: {},
      env: { name: "", type: "" },
    } as unknown as Parameters<Client["executeWorkflow"]>[0]);
    return true;
  } catch {
    return false;
  }
}

function isEmptied(type: string, name: string, value: unknown): boolean {
  const channel = Channel.safeParse(type);
  return (
    channel.success && NEVER_EMPTY[channel.data].includes(name) && typeof value === "string" && value.trim() === ""
  );
}

function only(values: Schema, names: string[]): Schema {
  return Object.fromEntries(names.map((name) => [name, values[name]]));
}
