import type { ReactElement } from "react";
import type { EventField } from "../event-fields.ts";
import { Icon } from "../ui/icons.tsx";
import { Hidden } from "../ui/parts.tsx";

/** An event of the catalogue: a field for each of its properties. Any other event: its name, and JSON. */
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
        <label className="field">
          Person (distinct id)
          <input
            name="person"
            list="people"
            defaultValue={person}
            required={true}
            autoComplete="off"
            spellCheck={false}
          />
        </label>
      </div>
      <datalist id="people">
        {people.map((one) => (
          <option key={one} value={one} />
        ))}
      </datalist>
      {fields.length === 0 ? null : (
        <fieldset className="properties">
          <legend>Properties; what is left empty does not travel with the event</legend>
          {fields.map((field) => (
            <label className="field" key={field.name} htmlFor={field.name}>
              <span>
                <code>{field.property}</code> {hintOf(field)}
              </span>
              <Input field={field} />
            </label>
          ))}
        </fieldset>
      )}
      <details data-key="json" open={fields.length === 0 || properties !== ""}>
        <summary>{fields.length === 0 ? "Properties, as JSON" : "More properties, as JSON"}</summary>
        <label className="field">
          <span>
            These win over the fields; <code>$set</code> changes the person
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
      <button type="submit" className="button first">
        <Icon name="fire" />
        Fire
      </button>
    </form>
  );
}

function Input({ field: { name, kind, choices, value } }: { field: EventField }): ReactElement {
  const options = kind === "boolean" ? ["true", "false"] : choices;
  if (kind === "boolean" || kind === "choice")
    return (
      <select id={name} name={name} defaultValue={value}>
        <option value="" />
        {[...new Set([...options, ...(value === "" ? [] : [value])])].map((one) => (
          <option key={one} value={one}>
            {one}
          </option>
        ))}
      </select>
    );
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
  const shape = { text: "text", number: "number", boolean: "true or false", choice: "one of", json: "JSON" }[kind];
  return isNeeded ? `${shape}, needed` : shape;
}
