import type { ReactElement } from "react";
import type { SandboxPerson, SandboxSource } from "../../contracts/sandbox.ts";
import { type Frame, link } from "../page.ts";
import { type Field, RowTable } from "../ui/fields.tsx";
import { Hidden, Id, Panel } from "../ui/parts.tsx";
import { SOURCE_NAMES } from "../ui/words.ts";

/** The input formats of a value. */
const VALUES: Record<SandboxSource, string> = {
  posthog: "Value: text, a number, true, false or null",
  segment: "Value, as JSON or text",
};

/** All properties at a source of the sandbox, with forms to change them. */
export function PersonForms({
  person: { source, properties },
  distinctId,
  frame,
}: {
  person: SandboxPerson;
  distinctId: string;
  frame: Frame;
}): ReactElement {
  const hidden = { token: frame.token, here: frame.here, person: distinctId, source };
  return (
    <Panel
      title={`Properties at ${SOURCE_NAMES[source]}`}
      actions={<a href={link("/studio/fire", { person: distinctId })}>Fire an event</a>}
    >
      <RowTable
        caption="Properties"
        fields={[NAME, valueForm(VALUES[source], hidden)]}
        rows={Object.entries(properties)}
        keyOf={([name]) => name}
        frame={frame}
      />
      <div className="body">
        <form method="post" action="/studio/people/change" className="bar">
          <Hidden fields={hidden} />
          <label className="field">
            Another property
            <input name="name" required={true} autoComplete="off" spellCheck={false} />
          </label>
          <label className="field">
            {VALUES[source]}
            <input name="value" autoComplete="off" spellCheck={false} />
          </label>
          <button type="submit" className="button">
            Add
          </button>
        </form>
      </div>
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
      <form method="post" action="/studio/people/change" className="row-form">
        <Hidden fields={{ ...hidden, name }} />
        <input
          name="value"
          aria-label={`Value of ${name}`}
          defaultValue={JSON.stringify(value)}
          autoComplete="off"
          spellCheck={false}
        />
        <button type="submit" className="button small">
          Set
        </button>
        <button type="submit" name="remove" value="yes" className="button small">
          Remove
        </button>
      </form>
    ),
  };
}
