import type { ReactElement } from "react";
import type { SandboxStepControls } from "../../contracts/sandbox.ts";
import { parseJson } from "../../lib/json.ts";
import { PostForm, Submit } from "../ui/forms.tsx";
import { Panel } from "../ui/parts.tsx";
import { backTo, type SandboxAction } from "./sandbox-page.ts";

const PREFIX = "control.";
/** A longer text gets a field of several lines. */
const ONE_LINE = 60;

/** The controls of a message, as in the dashboard of Novu. */
export function ControlsPanel({
  workflow,
  controls,
}: {
  workflow: string;
  controls: SandboxStepControls;
}): ReactElement {
  return (
    <Panel title="Controls" padded={true}>
      <PostForm action="/studio/workflows/controls" className="form" fields={{ workflow, step: controls.step }}>
        {Object.entries(controls.fields).map(([name, field]) => (
          <Control
            key={name}
            name={`${PREFIX}${name}`}
            title={field.title ?? name}
            type={field.type}
            value={controls.values[name] ?? field.default}
          />
        ))}
        <Submit look="first">Save</Submit>
      </PostForm>
    </Panel>
  );
}

function Control({
  name,
  title,
  type,
  value,
}: {
  name: string;
  title: string;
  type?: string | undefined;
  value: unknown;
}) {
  const text = type === "string" ? String(value ?? "") : value === undefined ? "" : JSON.stringify(value);
  return (
    <label className="field" htmlFor={name}>
      {title}
      {type === "boolean" ? (
        <select id={name} name={name} defaultValue={text}>
          <option value="true">yes</option>
          <option value="false">no</option>
        </select>
      ) : text.length > ONE_LINE ? (
        <textarea id={name} name={name} rows={3} defaultValue={text} />
      ) : (
        <input id={name} name={name} defaultValue={text} autoComplete="off" />
      )}
    </label>
  );
}

/** Saves only values that differ from the defaults in the code. */
export const controlsAction: SandboxAction = {
  path: "/workflows/controls",
  async run({ workflow = "", step = "", here, ...form }, sandbox) {
    const fields = sandbox.controlsOf(workflow).find((one) => one.step === step)?.fields ?? {};
    const values: Record<string, unknown> = {};
    for (const [name, field] of Object.entries(fields)) {
      const text = form[`${PREFIX}${name}`];
      if (text === undefined) continue;
      const value = field.type === "string" ? text.replaceAll("\r\n", "\n") : parseJson(text);
      if (value === undefined && text !== "") throw new Error(`"${text}" is not a value for ${field.title ?? name}`);
      if (value !== undefined && value !== field.default) values[name] = value;
    }
    sandbox.setControls(workflow, step, values);
    return backTo(here);
  },
};
