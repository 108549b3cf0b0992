import type { ReactElement } from "react";
import { Hidden, PersonInput, Submit } from "../ui/forms.tsx";
import type { EventField } from "./event-fields.ts";

/** A known event has a field for each of its properties; another event has a name, and its properties as JSON. */
export function FireForm({
  event,
  isKnown,
  fields,
  person,
  people,
  properties,
  token,
}: {
  event: string;
  isKnown: boolean;
  fields: EventField[];
  person: string;
  people: string[];
  /** JSON */
  properties: string;
  token: string;
}): ReactElement {
  return (
    <form method="post" action="/studio/fire" className="form" key={event}>
      <Hidden fields={{ token, ...(isKnown && { event }) }} />
      <div className="bar">
        {isKnown ? null : (
          <label className="field">
            Event
            <input name="event" defaultValue={event} required={true} autoComplete="off" spellCheck={false} />
          </label>
        )}
        <PersonInput people={people} value={person} />
      </div>
      {fields.length === 0 ? null : <Properties fields={fields} />}
      <details data-key="json" open={fields.length === 0 || properties !== ""}>
        <summary>{fields.length === 0 ? "Properties, as JSON" : "More properties, as JSON"}</summary>
        <label className="field">
          <span>
            These replace the fields of the same name. <code>$set</code> changes the person.
          </span>
          <textarea
            name="properties"
            rows={6}
            defaultValue={properties}
            placeholder={'{ "$set": { "plan": "pro" } }'}
            spellCheck={false}
          />
        </label>
      </details>
      <Submit icon="fire" look="first">
        Fire
      </Submit>
    </form>
  );
}

function Properties({ fields }: { fields: EventField[] }): ReactElement {
  return (
    <fieldset className="properties">
      <legend>Properties. An empty field is not sent.</legend>
      {fields.map((field) => (
        <label className="field" key={field.name} htmlFor={field.name}>
          <span>
            <code>{field.property}</code> {hintOf(field)}
          </span>
          <Input field={field} />
        </label>
      ))}
    </fieldset>
  );
}

function Input({ field: { name, kind, options, value } }: { field: EventField }): ReactElement {
  if (kind === "boolean" || kind === "enum") {
    const offered = kind === "boolean" ? ["true", "false"] : options;
    return (
      <select id={name} name={name} defaultValue={value}>
        <option value="" />
        {[...new Set([...offered, ...(value === "" ? [] : [value])])].map((one) => (
          <option key={one} value={one}>
            {one}
          </option>
        ))}
      </select>
    );
  }
  return (
    <input
      id={name}
      name={name}
      defaultValue={value}
      inputMode={kind === "number" ? "decimal" : undefined}
      autoComplete="off"
      spellCheck={false}
    />
  );
}

function hintOf({ kind, isNeeded }: EventField): string {
  const shape = { text: "text", number: "number", boolean: "true or false", enum: "one of a list", json: "JSON" }[kind];
  return isNeeded ? `${shape}, required` : shape;
}
