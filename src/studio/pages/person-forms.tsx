import type { ReactElement } from "react";
import type { SandboxPerson, SandboxSource } from "../../contracts/sandbox.ts";
import { SOURCES } from "../../contracts/sources.ts";
import { link } from "../page.ts";
import { type Field, RowTable } from "../ui/fields.tsx";
import { PostForm, Submit } from "../ui/forms.tsx";
import { Id, Panel } from "../ui/parts.tsx";

/** The label of the field for a value, by source. */
const VALUES: Record<SandboxSource, string> = {
  posthog: "Value: text, a number, true, false or null",
  segment: "Value, as JSON or text",
};

/** All properties at a source of the sandbox, with forms to change them. */
export function PersonForms({
  person: { source, properties },
  distinctId,
}: {
  person: SandboxPerson;
  distinctId: string;
}): ReactElement {
  const hidden = { person: distinctId, source };
  return (
    <Panel
      title={`Properties at ${SOURCES[source].label}`}
      actions={<a href={link("/studio/fire", { person: distinctId })}>Fire an event</a>}
    >
      <RowTable
        caption="Properties"
        fields={[NAME, valueForm(VALUES[source], hidden)]}
        rows={Object.entries(properties)}
        keyOf={([name]) => name}
      />
      <div className="body">
        <PostForm action="/studio/people/change" className="bar" fields={hidden}>
          <label className="field">
            Another property
            <input name="name" required={true} autoComplete="off" spellCheck={false} />
          </label>
          <label className="field">
            {VALUES[source]}
            <input name="value" autoComplete="off" spellCheck={false} />
          </label>
          <Submit>Add</Submit>
        </PostForm>
      </div>
    </Panel>
  );
}

/** A provider of each channel whose addresses only Novu has. */
const CHANNELS = [
  { provider: "fcm", add: "Add a device", remove: "Remove the device", has: "A phone takes push messages." },
  { provider: "slack", add: "Connect a chat", remove: "Remove the chat", has: "A chat in Slack is connected." },
];

/** The devices and chats of a person at the local Novu, with forms to add and remove them. */
export function ChannelForms({ distinctId, channels }: { distinctId: string; channels: string[] }): ReactElement {
  return (
    <Panel title="Devices and chats at Novu" padded={true}>
      {CHANNELS.map(({ provider, add, remove, has }) => {
        const isConnected = channels.includes(provider);
        return (
          <PostForm
            key={provider}
            action="/studio/people/channel"
            className="bar"
            fields={{ person: distinctId, provider, connect: isConnected ? "no" : "yes" }}
          >
            <Submit look="small">{isConnected ? remove : add}</Submit>
            {isConnected ? <span>{has}</span> : null}
          </PostForm>
        );
      })}
    </Panel>
  );
}

/** The cohorts at the local PostHog, with forms to put the person into each, or to take the person out. */
export function CohortForms({
  distinctId,
  cohorts,
}: {
  distinctId: string;
  cohorts: Array<{ id: number; isMember: boolean }>;
}): ReactElement {
  return (
    <Panel title="Cohorts at PostHog" padded={true}>
      {cohorts.map(({ id, isMember }) => (
        <PostForm
          key={id}
          action="/studio/people/cohort"
          className="bar"
          fields={{ person: distinctId, cohort: String(id), enter: isMember ? "no" : "yes" }}
        >
          <Submit look="small">{isMember ? `Take out of cohort ${id}` : `Put into cohort ${id}`}</Submit>
          {isMember ? <span>In cohort {id}. The daily sweep finds who enters.</span> : null}
        </PostForm>
      ))}
    </Panel>
  );
}

type Property = [name: string, value: unknown];

const NAME: Field<Property> = { name: "Property", kind: "slim", of: ([name]) => <Id>{name}</Id> };

function valueForm(title: string, hidden: Record<string, string>): Field<Property> {
  return {
    name: title,
    kind: "slim long",
    of: ([name, value]) => (
      <PostForm action="/studio/people/change" className="row-form" fields={{ ...hidden, name }}>
        <input
          name="value"
          aria-label={`Value of ${name}`}
          defaultValue={JSON.stringify(value)}
          autoComplete="off"
          spellCheck={false}
        />
        <Submit look="small">Set</Submit>
        <Submit name="remove" value="yes" look="small">
          Remove
        </Submit>
      </PostForm>
    ),
  };
}
