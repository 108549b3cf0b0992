import type { SandboxStepControls } from "../../contracts/sandbox.ts";
import { nameOf } from "../../explain/explanation.ts";
import { describeError } from "../../lib/errors.ts";
import { link, stepPath } from "../page.ts";
import { peopleOf } from "../sandbox-sources.ts";
import { Hidden, Submit } from "../ui/forms.tsx";
import { Notice, Panel } from "../ui/parts.tsx";
import { Device, EmailStage, Inbox, type ReaderView, viewOf } from "../ui/readers.tsx";
import { ControlsPanel } from "./controls.tsx";
import { type SandboxAction, sandboxPage } from "./sandbox-page.ts";

type Preview = { isSkipped: boolean; channel: string; content: Record<string, unknown> };

interface Step {
  workflow: string;
  controls: SandboxStepControls;
  person: string;
  people: string[];
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
    let preview: Preview | null = null;
    let problem: string | null = null;
    try {
      if (person !== "") preview = await sandbox.preview(workflow, step, person);
    } catch (error) {
      problem = describeError(error);
    }
    const html = preview?.channel === "email" ? String(preview.content.body ?? "") : "";
    return { workflow, controls, person, people, preview, problem, text: sandbox.textOf(html), view: viewOf(query) };
  },

  view({ workflow, controls, person, people, preview, problem, text, view }, frame) {
    const { now, token, here } = frame;
    const path = stepPath(workflow, controls.step);
    return {
      title: controls.step,
      lead: `A message of ${nameOf(workflow, frame.workflows)}: its controls in Novu, and a preview for a person.`,
      content: (
        <>
          <ControlsPanel workflow={workflow} controls={controls} token={token} here={here} />
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
  view: ReaderView;
  text: string;
  now: number;
}) {
  if (channel === "email")
    return <EmailStage path={path} frame={`${path}/body`} view={view} text={text} query={{ person }} />;
  const message = {
    ...UNSENT,
    workflowId: workflow,
    stepId: step,
    subscriberId: person,
    channel,
    content,
    sentAt: now,
  };
  return (
    <Panel title="Preview">
      <div className="stage">
        {channel === "in_app" ? (
          <Inbox messages={[message]} current={null} now={now} form={null} />
        ) : (
          <Device message={message} />
        )}
      </div>
    </Panel>
  );
}

const UNSENT = { id: "", transactionId: "", to: null, seen: false, read: false };

/** Continues at the messages of the person. */
export const testAction: SandboxAction = {
  path: "/workflows/test",
  async run({ workflow = "", person = "" }, sandbox) {
    await sandbox.sendTest(workflow, person);
    return link("/studio/messages", { person });
  },
};
