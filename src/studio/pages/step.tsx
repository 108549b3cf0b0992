import type { SandboxStepControls } from "../../contracts/sandbox.ts";
import { describeError } from "../../lib/errors.ts";
import { link, type SandboxAction, sandboxPage, stepPath } from "../page.ts";
import { everybody } from "../sandbox-sources.ts";
import { Icon } from "../ui/icons.tsx";
import { Hidden, Notice, Panel } from "../ui/parts.tsx";
import { Device, EmailStage, Inbox, type View, viewOf } from "../ui/readers.tsx";
import { ControlsPanel } from "./controls.tsx";

type Preview = { isSkipped: boolean; channel: string; content: Record<string, unknown> };

interface Step {
  workflow: string;
  controls: SandboxStepControls;
  person: string;
  people: string[];
  /** Null where there is nobody to show it for, or it cannot be made. */
  preview: Preview | null;
  trouble: string | null;
  text: string;
  view: View;
}

/** One message of a workflow: what a colleague could change in Novu, and how somebody would get it now. */
export const stepPage = sandboxPage<Step>({
  path: "/workflows/:workflow/steps/:step",
  frames: true,
  async read({ sandbox, params: { workflow = "", step = "" }, query }) {
    const controls = sandbox.controlsOf(workflow).find((one) => one.step === step);
    if (controls === undefined) return null;
    const people = everybody(sandbox);
    const person = query.person ?? people[0] ?? "";
    let preview: Preview | null = null;
    let trouble: string | null = null;
    try {
      if (person !== "") preview = await sandbox.preview(workflow, step, person);
    } catch (error) {
      trouble = describeError(error);
    }
    const html = preview?.channel === "email" ? String(preview.content.body ?? "") : "";
    return { workflow, controls, person, people, preview, trouble, text: sandbox.textOf(html), view: viewOf(query) };
  },

  view({ workflow, controls, person, people, preview, trouble, text, view }, { now, token, here }) {
    const path = stepPath(workflow, controls.step);
    return {
      title: controls.step,
      lead: `A message of ${workflow}: what a colleague could change in Novu, and how somebody would get it now.`,
      content: (
        <>
          <ControlsPanel workflow={workflow} controls={controls} token={token} here={here} />
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

/** Ends at the messages of the person, of whom the first may be there already. */
export const testAction: SandboxAction = {
  path: "/workflows/test",
  async run({ workflow = "", person = "" }, sandbox) {
    await sandbox.sendTest(workflow, person);
    return link("/studio/messages", { person });
  },
};
