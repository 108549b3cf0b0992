import { Client, workflow } from "@novu/framework";
import { type Channel, isChannel } from "../contracts/channel.ts";
import { type Answer, codeOf, type ExecuteBody, type StepAnswer } from "./bridge-call.ts";

type Schema = Record<string, unknown>;
type Controls = Record<string, unknown>;

const ID = "controls";
const STEP = "message";
/** The outputs that the framework refuses when they are empty, by channel. */
const NEVER_EMPTY: Record<Channel, string[]> = {
  email: ["subject"],
  in_app: ["subject", "body"],
  push: [],
  sms: [],
  chat: [],
  tool: [],
};

/**
 * The names of the controls because of which Novu's framework refuses a step. Their values do not fit the schema, are
 * not valid Liquid, or leave a required text empty. All names if the framework refuses only the combination of values.
 * The values are tried in the framework itself. Without the data of a `call`, a value that fails for some people is not
 * found.
 */
export async function unusableControls(
  schema: Schema,
  values: Controls,
  type: string,
  call?: ExecuteBody,
): Promise<string[]> {
  const names = Object.keys(values);
  if (names.length === 0) return [];
  const empty = emptiedControls(values, type, schema);
  const rest = names.filter((name) => !empty.includes(name));
  const all = await render(schema, only(values, rest), call);
  if (all !== null) return call ? emptiedControls({ ...values, ...only(all, rest) }, type, schema) : empty;
  // Each value is tried alone, so the other values must not be required.
  const alone = { ...schema, required: [] };
  const refused: string[] = [];
  for (const name of rest) {
    const rendered = await render(alone, only(values, [name]), call);
    if (rendered === null || (call && emptiedControls(only(rendered, [name]), type, schema).length > 0))
      refused.push(name);
  }
  const isTogether = refused.length === 0 && (await render(schema, {}, call)) !== null;
  return [...empty, ...(isTogether ? rest : refused)];
}

/** The names of the empty controls whose text the framework requires. */
function emptiedControls(values: Controls, type: string, schema: Schema): string[] {
  if (!isChannel(type)) return [];
  return Object.keys(values).filter((name) => {
    const value = values[name];
    const isRequired = NEVER_EMPTY[type].some((required) => name === required || isOfLocale(name, required, schema));
    return isRequired && typeof value === "string" && value.trim() === "";
  });
}

/** Whether the control is another one in a further locale: `subject_de` with the title "Subject (de)". */
function isOfLocale(name: string, other: string, { properties }: Schema): boolean {
  const fields = (properties ?? {}) as Record<string, { title?: string } | undefined>;
  const [title = "", ofOther] = [fields[name]?.title, fields[other]?.title];
  return ofOther !== undefined && name.startsWith(`${other}_`) && title.startsWith(`${ofOther} (`);
}

/** The values as a step with this schema gets them; null where the framework refuses them. */
async function render(schema: Schema, controls: Controls, call: Partial<ExecuteBody> = {}): Promise<Controls | null> {
  const client = new Client({ secretKey: "none", strictAuthentication: true, verbose: false });
  let rendered: Controls = {};
  const probe = workflow(ID, async ({ step }) => {
    const save = async (values: unknown) => {
      rendered = values as Controls;
      return {};
    };
    await step.custom(STEP, save, { controlSchema: { type: "object", ...schema } as const });
  });
  await client.addWorkflows([probe]);
  try {
    await client.executeWorkflow({
      payload: {},
      // The state of the trigger.
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

function only(values: Controls, names: string[]): Controls {
  return Object.fromEntries(names.map((name) => [name, values[name]]));
}

interface Step {
  type: string;
  /** The JSON schema of its controls. */
  schema: Schema;
}

/** The framework's error codes for unusable controls, and for a message that controls may have made unusable. */
const ABOUT_CONTROLS = new Set([
  "StepControlCompilationFailedError",
  "ExecutionStateControlInvalidError",
  "ExecutionStateOutputInvalidError",
]);

type TriedAnswer = StepAnswer & { unusable: string[] };

/**
 * Runs a step without the unusable controls from Novu's dashboard, so that the code's defaults apply. `unusable` names
 * these controls. A message that is switched off stays off.
 */
export async function runWithUsableControls(
  run: (body: ExecuteBody) => Promise<StepAnswer>,
  { body, step }: { body: ExecuteBody; step: Step },
): Promise<TriedAnswer> {
  const { controls = {} } = body;
  // The framework accepts blanks as a text. It refuses an empty text, unless the code handles it.
  const blank = emptiedControls(controls, step.type, step.schema).filter((name) => controls[name] !== "");
  const first = await runWithout(blank);
  if (!isRefused(first.answer)) return first;

  const found = await unusableControls(step.schema, controls, step.type, body);
  const others = Object.keys(controls).filter((name) => !found.includes(name) && !isSwitchedOff(name, controls));
  for (const unusable of [found, ...others.map((name) => [...found, name]), [...found, ...others]]) {
    const again = await runWithout(unusable);
    if (!isRefused(again.answer)) return again;
  }
  return { ...first, unusable: [] };

  async function runWithout(names: string[]): Promise<TriedAnswer> {
    const tried = await run(names.length === 0 ? body : { ...body, controls: without(controls, names) });
    return { ...tried, unusable: Object.keys(controls).filter((name) => names.includes(name)) };
  }
}

function isRefused({ status, body }: Answer): boolean {
  return status === 400 && ABOUT_CONTROLS.has(codeOf(body) ?? "");
}

function without(controls: Controls, refused: string[]): Controls {
  return Object.fromEntries(
    Object.entries(controls).filter(([name]) => !refused.includes(name) || isSwitchedOff(name, controls)),
  );
}

function isSwitchedOff(name: string, controls: Controls): boolean {
  return name === "send" && controls[name] === false;
}
