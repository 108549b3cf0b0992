import { createHash } from "node:crypto";
import type { ReactElement } from "react";
import type {
  PreviewedMessage,
  SandboxControls,
  SandboxPreview,
  SandboxStepControls,
} from "../../contracts/sandbox.ts";
import { nameOf } from "../../explain/explanation.ts";
import { decisionLink } from "../../explain/links.ts";
import { notSentBecause } from "../../explain/words.ts";
import { link, runStepPath, stepPath, useFrame } from "../page.ts";
import { peopleOf } from "../sandbox-sources.ts";
import { Hidden, Submit } from "../ui/forms.tsx";
import { Notice, Panel } from "../ui/parts.tsx";
import { Device, EmailStage, Inbox, type ReaderView, viewOf } from "../ui/readers.tsx";
import { type SandboxAction, sandboxPage } from "./sandbox-page.ts";
import { ControlsPanel } from "./step-controls.tsx";

interface Step {
  workflow: string;
  controls: SandboxStepControls;
  person: string;
  people: string[];
  /** Empty for the person's own. */
  locale: string;
  locales: string[];
  /** The transaction id of the run whose data the preview has; empty for the newest. */
  run: string;
  /** The result of this step in that run, in words; null if it has none. */
  decided: string | null;
  /** Null if there is no person. */
  preview: Preview | null;
  /** The error that keeps the message from being composed. */
  problem: string | null;
  text: string;
  /** A hash of the email's HTML. */
  version: string;
  view: ReaderView;
}

/** One message of a workflow: its controls in Novu, and a preview for a person. */
export const stepPage = sandboxPage<Step>({
  path: "/workflows/:workflow/steps/:step",
  frames: true,
  async read({ facts, sandbox, params: { workflow = "", step = "" }, query }) {
    const controls = sandbox.controlsOf(workflow).find((one) => one.step === step);
    if (controls === undefined) return null;
    const people = peopleOf(sandbox);
    const { run = "" } = query;
    const history = run === "" ? null : await facts.runs.history({ transactionId: run });
    const person = query.person ?? history?.runs[0]?.distinctId ?? people[0] ?? "";
    const { locales } = sandbox;
    const locale = locales.find((one) => one === query.locale) ?? "";
    const preview =
      person === "" ? null : await previewOf(sandbox, { workflow, step, distinctId: person, locale, run });
    const body = preview?.channel === "email" ? preview.content?.body : "";
    const decision = history?.decisions.find((one) => one.step === step);
    return {
      ...{ workflow, controls, person, people, locale, locales, run, preview },
      problem: preview?.problem ?? null,
      decided: history === null || decision === undefined ? null : decisionLink(decision, history).sentence,
      text: sandbox.textOf(String(body ?? "")),
      version: createHash("sha256").update(String(body)).digest("hex").slice(0, 12),
      view: viewOf(query),
    };
  },

  view(model, { workflows }) {
    const { workflow, controls, run, decided, preview } = model;
    return {
      title: controls.step,
      lead: `A message of ${nameOf(workflow, workflows)}: a preview for a person, and its controls in Novu.`,
      content: (
        <>
          <Search {...model} />
          {decided === null ? null : (
            <Notice tone="info">
              In <a href={runStepPath(run, controls.step)}>this run</a>: {decided}
            </Notice>
          )}
          {preview === null ? null : <Preview {...model} preview={preview} />}
          <ControlsPanel workflow={workflow} controls={controls} />
        </>
      ),
    };
  },
});

interface Preview extends SandboxPreview {
  /** Whether the message would not be sent now. */
  isSkipped: boolean;
  /** The objection in words. */
  because: string | null;
}

async function previewOf(sandbox: SandboxControls, message: PreviewedMessage): Promise<Preview> {
  const { run = "", locale = "", ...rest } = message;
  const preview = await sandbox.preview({
    ...rest,
    ...(run !== "" && { run }),
    ...(locale !== "" && { locale }),
  });
  const { objection } = preview;
  return {
    ...preview,
    isSkipped: objection !== null,
    because: objection && notSentBecause({ ...objection, personSource: null }, null),
  };
}

function Search({ workflow, controls, person, people, locale, locales, run, view }: Step): ReactElement {
  return (
    <search>
      <form className="bar" action={stepPath(workflow, controls.step)}>
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
        <Hidden fields={{ ...view, ...(run !== "" && { run }) }} />
        <Submit icon="eye">Show</Submit>
      </form>
    </search>
  );
}

/** The result of sending the message now, and the message, also if it would not be sent. */
function Preview(model: Step & { preview: Preview }): ReactElement {
  const { preview, person } = model;
  const { because, problem, content } = preview;
  return (
    <>
      {because === null ? null : (
        <Notice tone="warn">
          Now this message would not be sent to {person}, because {because}.
          {content === null ? null : " The preview shows how it would look."}
        </Notice>
      )}
      {problem === null ? null : <Notice tone="bad">The preview failed: {problem}</Notice>}
      {content === null ? null : (
        <>
          {typeof content.subject === "string" && preview.channel === "email" ? (
            <p>
              <span className="quiet">Subject</span> <strong dir="auto">{content.subject}</strong>
            </p>
          ) : null}
          <Shown {...model} content={content} />
        </>
      )}
    </>
  );
}

function Shown({
  workflow,
  controls: { step },
  preview: { channel },
  content,
  person,
  locale,
  run,
  view,
  text,
  version,
}: Step & { preview: Preview; content: Record<string, unknown> }): ReactElement {
  const path = stepPath(workflow, step);
  const { now } = useFrame();
  if (channel === "email")
    return <EmailStage path={path} view={view} text={text} version={version} query={{ person, locale, run }} />;
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
