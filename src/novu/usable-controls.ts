import { type Answer, codeOf, type ExecuteBody, type StepAnswer } from "./bridge-call.ts";
import { emptiedControls, unusableControls } from "./controls.ts";

type Controls = Record<string, unknown>;

interface Step {
  type: string;
  /** The JSON schema of its controls. */
  schema: Record<string, unknown>;
}

/** The framework's codes for controls that it cannot use, or for a message that it cannot use because of them. */
const ABOUT_CONTROLS = new Set([
  "StepControlCompilationFailedError",
  "ExecutionStateControlInvalidError",
  "ExecutionStateOutputInvalidError",
]);

type TriedAnswer = StepAnswer & { unusable: string[] };

/**
 * Runs a step without those controls from Novu's dashboard that cannot be used, so that the code's defaults apply;
 * `unusable` names them. A message that is switched off stays off.
 */
export async function runWithUsableControls(
  run: (body: ExecuteBody) => Promise<StepAnswer>,
  { body, step }: { body: ExecuteBody; step: Step | undefined },
): Promise<TriedAnswer> {
  const { controls = {} } = body;
  if (Object.keys(controls).length === 0 || step === undefined) return { ...(await run(body)), unusable: [] };
  // The framework accepts blanks as a text. It refuses an empty text, unless the code handles it.
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
