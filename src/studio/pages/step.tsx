import type { LabControls } from "../../contracts/lab.ts";
import { describeError } from "../../lib/errors.ts";
import { parseJson } from "../../lib/json.ts";
import { backTo, type LabAction, labPage, link, stepPath } from "../page.ts";
import { Icon } from "../ui/icons.tsx";
import { Hidden, Notice, Panel } from "../ui/parts.tsx";
import { Device, EmailStage, Inbox, type View, viewOf } from "../ui/readers.tsx";

const PREFIX = "control.";
/** Longer texts get more lines. */
const ONE_LINE = 60;

type Preview = { isSkipped: boolean; channel: string; content: Record<string, unknown> };

interface Step {
  workflow: string;
  controls: LabControls;
  person: string;
  people: string[];
  /** Null where there is nobody to show it for, or it cannot be made. */
  preview: Preview | null;
  trouble: string | null;
  text: string;
  view: View;
}

/** One message of a workflow: what a colleague could change in Novu, and how somebody would get it now. */
export const stepPage = labPage<Step>({
  path: "/workflows/:workflow/steps/:step",
  frames: true,
  async read({ lab, params: { workflow = "", step = "" }, query }) {
    const controls = lab.controlsOf(workflow).find((one) => one.step === step);
    if (controls === undefined) return null;
    const people = lab.people().flatMap(({ distinctIds }) => distinctIds.slice(0, 1));
    const person = query.person ?? people[0] ?? "";
    let preview: Preview | null = null;
    let trouble: string | null = null;
    try {
      if (person !== "") preview = await lab.preview(workflow, step, person);
    } catch (error) {
      trouble = describeError(error);
    }
    const html = preview?.channel === "email" ? String(preview.content.body ?? "") : "";
    return { workflow, controls, person, people, preview, trouble, text: lab.textOf(html), view: viewOf(query) };
  },

  view({ workflow, controls, person, people, preview, trouble, text, view }, { now, token, here }) {
    const path = stepPath(workflow, controls.step);
    return {
      title: controls.step,
      lead: `A message of ${workflow}: what a colleague could change in Novu, and how somebody would get it now.`,
      content: (
        <>
          <Panel title="Controls">
            <div className="body">
              <form method="post" action="/studio/workflows/controls" className="form">
                <Hidden fields={{ token, here, workflow, step: controls.step }} />
                {Object.entries(controls.fields).map(([name, field]) => (
                  <Control
                    key={name}
                    name={`${PREFIX}${name}`}
                    title={field.title ?? name}
                    type={field.type}
                    value={controls.values[name] ?? field.default}
                  />
                ))}
                <button type="submit" className="button first">
                  Save
                </button>
              </form>
            </div>
          </Panel>
          <search>
            <form className="bar" action={path}>
              <label className="field">
                Shown for
                <select name="person" defaultValue={person}>
                  {[...new Set([...people, person])].map((one) => (
                    <option key={one} value={one}>
                      {one === "" ? "nobody yet" : one}
                    </option>
                  ))}
                </select>
              </label>
              <Hidden fields={{ ...view }} />
              <button type="submit" className="button">
                <Icon name="eye" />
                Show
              </button>
            </form>
          </search>
          {trouble === null ? null : <Notice tone="bad">It cannot be shown: {trouble}</Notice>}
          {preview?.isSkipped ? (
            <Notice tone="warn">
              It would not be sent to {person} now: a condition or a guard of the workflow leaves it out.
            </Notice>
          ) : null}
          {preview === null || preview.isSkipped ? null : (
            <>
              {typeof preview.content.subject === "string" && preview.channel === "email" ? (
                <p>
                  <span className="quiet">Subject</span> <strong>{preview.content.subject}</strong>
                </p>
              ) : null}
              <Shown
                path={path}
                workflow={workflow}
                step={controls.step}
                preview={preview}
                person={person}
                view={view}
                text={text}
                now={now}
              />
            </>
          )}
        </>
      ),
    };
  },
});

function Shown({
  path,
  workflow,
  step,
  preview: { channel, content },
  person,
  view,
  text,
  now,
}: {
  path: string;
  workflow: string;
  step: string;
  preview: Preview;
  person: string;
  view: View;
  text: string;
  now: number;
}) {
  if (channel === "email")
    return <EmailStage path={path} frame={`${path}/body`} view={view} text={text} query={{ person }} />;
  const note = { ...UNSENT, workflowId: workflow, stepId: step, subscriberId: person, channel, content, sentAt: now };
  return (
    <Panel title="As its reader sees it">
      <div className="stage">
        {channel === "in_app" ? (
          <Inbox notes={[note]} chosen={null} now={now} doing={null} />
        ) : (
          <Device message={note} />
        )}
      </div>
    </Panel>
  );
}

const UNSENT = { id: "", transactionId: "", to: null, seen: false, read: false };

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

/** What is as the code has it stays the code's. */
export const controlsAction: LabAction = {
  path: "/workflows/controls",
  async run({ workflow = "", step = "", here, ...form }, lab) {
    const fields = lab.controlsOf(workflow).find((one) => one.step === step)?.fields ?? {};
    const values: Record<string, unknown> = {};
    for (const [name, field] of Object.entries(fields)) {
      const text = form[`${PREFIX}${name}`];
      if (text === undefined) continue;
      const value = field.type === "string" ? text.replaceAll("\r\n", "\n") : parseJson(text);
      if (value === undefined && text !== "") throw new Error(`"${text}" is no value for ${field.title ?? name}`);
      if (value !== undefined && value !== field.default) values[name] = value;
    }
    lab.setControls(workflow, step, values);
    return backTo(here);
  },
};

/** Ends at the messages of the person, of whom the first may be there already. */
export const testAction: LabAction = {
  path: "/workflows/test",
  async run({ workflow = "", person = "" }, lab) {
    await lab.sendTest(workflow, person);
    return link("/studio/messages", { person });
  },
};
