import type { ReactElement } from "react";
import type { SandboxStepControls } from "../../contracts/sandbox.ts";
import { nameOf } from "../../explain/explanation.ts";
import { describeError } from "../../lib/errors.ts";
import { parseJson } from "../../lib/json.ts";
import { link, stepPath, useFrame } from "../page.ts";
import { peopleOf } from "../sandbox-sources.ts";
import { Hidden, PostForm, Submit } from "../ui/forms.tsx";
import { Notice, Panel } from "../ui/parts.tsx";
import { Device, EmailStage, Inbox, type ReaderView, viewOf } from "../ui/readers.tsx";
import { backTo, type SandboxAction, sandboxPage } from "./sandbox-page.ts";

type Preview = { isSkipped: boolean; channel: string; content: Record<string, unknown> };

interface Step {
  workflow: string;
  controls: SandboxStepControls;
  person: string;
  people: string[];
  /** Empty for the person's own. */
  locale: string;
  locales: string[];
  /** Null if there is no person, or the preview failed. */
  preview: Preview | null;
  problem: string | null;
  text: string;
  view: ReaderView;
}

/** One message of a workflow: its controls in Novu, and a preview for a person. */
export const stepPage = sandboxPage<Step>({
  path: "/workflows/:workflow/steps/:step",
  frames: true,
  async read({ sandbox, params: { workflow = "", step = "" }, query }) {
    const controls = sandbox.controlsOf(workflow).find((one) => one.step === step);
    if (controls === undefined) return null;
    const people = peopleOf(sandbox);
    const person = query.person ?? people[0] ?? "";
    const { locales } = sandbox;
    const locale = locales.find((one) => one === query.locale) ?? "";
    let preview: Preview | null = null;
    let problem: string | null = null;
    try {
      if (person !== "") preview = await sandbox.preview(workflow, step, person, locale);
    } catch (error) {
      problem = describeError(error);
    }
    const html = preview?.channel === "email" ? String(preview.content.body ?? "") : "";
    const message = { preview, problem, text: sandbox.textOf(html) };
    return { workflow, controls, person, people, locale, locales, ...message, view: viewOf(query) };
  },

  view(model, { workflows }) {
    const { workflow, controls, person, people, locale, locales, preview, problem, view } = model;
    const path = stepPath(workflow, controls.step);
    return {
      title: controls.step,
      lead: `A message of ${nameOf(workflow, workflows)}: its controls in Novu, and a preview for a person.`,
      content: (
        <>
          <ControlsPanel workflow={workflow} controls={controls} />
          <search>
            <form className="bar" action={path}>
              <label className="field">
                Preview for
                <select name="person" defaultValue={person}>
                  {[...new Set([...people, person])].map((one) => (
                    <option key={one} value={one}>
                      {one === "" ? "no person yet" : one}
                    </option>
                  ))}
                </select>
              </label>
              {locales.length > 1 ? <LocaleField locale={locale} locales={locales} /> : null}
              <Hidden fields={{ ...view }} />
              <Submit icon="eye">Show</Submit>
            </form>
          </search>
          {problem === null ? null : <Notice tone="bad">The preview failed: {problem}</Notice>}
          {preview?.isSkipped ? (
            <Notice tone="warn">
              This message would not be sent to {person} now: a condition or a guard of the workflow skips it.
            </Notice>
          ) : null}
          {preview === null || preview.isSkipped ? null : (
            <>
              {typeof preview.content.subject === "string" && preview.channel === "email" ? (
                <p>
                  <span className="quiet">Subject</span> <strong dir="auto">{preview.content.subject}</strong>
                </p>
              ) : null}
              <Shown {...model} path={path} preview={preview} />
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
  controls: { step },
  preview: { channel, content },
  person,
  locale,
  view,
  text,
}: Step & { path: string; preview: Preview }): ReactElement {
  const { now } = useFrame();
  if (channel === "email") return <EmailStage path={path} view={view} text={text} query={{ person, locale }} />;
  const of = { workflowId: workflow, stepId: step, subscriberId: person };
  const message = { ...UNSENT, ...of, channel, content, sentAt: now };
  return (
    <Panel title="Preview">
      <div className="stage">
        {channel === "in_app" ? <Inbox messages={[message]} current={null} /> : <Device message={message} />}
      </div>
    </Panel>
  );
}

function LocaleField({ locale, locales }: Pick<Step, "locale" | "locales">): ReactElement {
  const names = new Intl.DisplayNames("en", { type: "language" });
  return (
    <label className="field">
      Language
      <select name="locale" defaultValue={locale}>
        <option value="">the person’s</option>
        {locales.map((one) => (
          <option key={one} value={one}>
            {names.of(one)}
          </option>
        ))}
      </select>
    </label>
  );
}

const UNSENT = { id: "", transactionId: "", to: null, seen: false, read: false };

/** Starts the workflow as a test, and opens the messages of the person. */
export const testAction: SandboxAction = {
  path: "/workflows/test",
  async run({ workflow = "", person = "" }, sandbox) {
    await sandbox.sendTest(workflow, person);
    return link("/studio/messages", { person });
  },
};

const PREFIX = "control.";
/** A longer text gets a field of several lines. */
const ONE_LINE = 60;

/** The controls of a message, as in the dashboard of Novu. */
function ControlsPanel({ workflow, controls }: { workflow: string; controls: SandboxStepControls }): ReactElement {
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
