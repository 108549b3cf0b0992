import { emptiedControls, unusableControls } from "./controls.ts";
import { type Answer, codeOf, type ExecuteBody } from "./execute-call.ts";

type Controls = Record<string, unknown>;

/** The step that is to be run. */
interface Step {
  type: string;
  /** The JSON schema of its controls. */
  schema: Record<string, unknown>;
}

/** The framework answers so where it cannot use the controls, or the message that the code makes of them. */
const ABOUT_CONTROLS = new Set([
  "StepControlCompilationFailedError",
  "ExecutionStateControlInvalidError",
  "ExecutionStateOutputInvalidError",
]);

/**
 * Runs a step without the controls that a colleague has set in Novu's dashboard and that cannot be used, so that the
 * code's default stands in their place; answers their names. A message that is switched off stays off.
 */
export async function runWithUsableControls(
  run: (body: ExecuteBody) => Promise<Answer>,
  { body, step }: { body: ExecuteBody; step: Step | undefined },
): Promise<{ answer: Answer; unusable: string[] }> {
  const { controls = {} } = body;
  if (Object.keys(controls).length === 0 || step === undefined) return { answer: await run(body), unusable: [] };
  // The framework takes blanks for a text. One that is empty it refuses, unless the code knows what to do with it.
  const blank = emptiedControls(controls, step.type).filter((name) => controls[name] !== "");
  const first = await runWithout(blank);
  if (!isRefused(first.answer)) return first;

  const found = await unusableControls(step.schema, controls, step.type, body);
  const others = Object.keys(controls).filter((name) => !found.includes(name) && !isSwitchedOff(name, controls));
  for (const unusable of [found, ...others.map((name) => [...found, name]), [...found, ...others]]) {
    const again = await runWithout(unusable);
    if (!isRefused(again.answer)) return again;
  }
  return { ...first, unusable: [] };

  async function runWithout(names: string[]): Promise<{ answer: Answer; unusable: string[] }> {
    const answer = await run(names.length === 0 ? body : { ...body, controls: without(controls, names) });
    return { answer, unusable: Object.keys(controls).filter((name) => names.includes(name)) };
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
