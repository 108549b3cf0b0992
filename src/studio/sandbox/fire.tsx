import type { ReactElement } from "react";
import { PERSON_SOURCES, SOURCES } from "../../contracts/sources.ts";
import { parseJson } from "../../lib/json.ts";
import { link } from "../page.ts";
import { peopleOf, sourceIn } from "../sandbox-sources.ts";
import { PersonInput, PostForm, Submit } from "../ui/forms.tsx";
import { Notice, Panel, Tabs } from "../ui/parts.tsx";
import { type EventField, fieldsOf, propertiesOf } from "./event-fields.ts";
import { backTo, deliveryPath, type SandboxAction, sandboxPage } from "./sandbox-page.ts";

/** In characters. After an error, a longer form is not filled in again, because the URL would be too long. */
const LONGEST_REFILLED = 4_000;

interface Fire {
  events: string[];
  people: string[];
  event: string;
  person: string;
  fields: EventField[];
  /** The JSON text in the form. */
  properties: string;
  /** An event that was fired, and that no workflow listens to. */
  notForwarded: string | null;
}

/** A form to capture an event of a person. */
export const firePage = sandboxPage<Fire>({
  path: "/fire",
  async read({ facts, sandbox, query }) {
    const events = sandbox.events();
    const people = peopleOf(sandbox);
    const event = query.another === "yes" ? "" : (query.event ?? events[0] ?? "");
    return {
      events,
      people,
      event,
      person: query.person ?? people[0] ?? "ada",
      fields: fieldsOf(event, { workflows: facts.workflows, sandbox, form: query }),
      properties: query.properties ?? "",
      notForwarded: query.notForwarded ?? null,
    };
  },

  view(model) {
    const { events, event, person, notForwarded } = model;
    const isKnown = events.includes(event);
    const tabs = events.map((name) => ({
      name,
      to: link("/studio/fire", { event: name, person }),
      isCurrent: name === event,
    }));
    const another = { name: "another", to: link("/studio/fire", { another: "yes", person }), isCurrent: !isKnown };
    return {
      title: "Fire an event",
      lead: "The local PostHog captures the event and forwards it to the app, as PostHog does.",
      content: (
        <>
          {notForwarded === null ? null : (
            <Notice tone="warn">
              PostHog has the event {notForwarded} and does not forward it: no workflow listens to it. Its person
              properties are saved.
            </Notice>
          )}
          <Panel title={isKnown ? `The event ${event}` : "Another event"} padded={true}>
            <Tabs label="Event" tabs={[...tabs, another]} />
            <FireForm {...model} isKnown={isKnown} />
          </Panel>
          <PastePanel />
        </>
      ),
    };
  },
});

function PastePanel(): ReactElement {
  return (
    <Panel title="Or send a webhook body" padded={true}>
      <PostForm action="/studio/deliveries/paste" className="form" fields={{ here: "/studio/fire" }}>
        <label className="field">
          Source
          <select name="source">
            {PERSON_SOURCES.map((source) => (
              <option key={source} value={source}>
                {SOURCES[source].label}
              </option>
            ))}
          </select>
        </label>
        <label className="field">
          Body. It is signed and sent to the app.
          <textarea name="body" rows={6} required={true} spellCheck={false} />
        </label>
        <Submit icon="deliveries">Send</Submit>
      </PostForm>
    </Panel>
  );
}

/** Captures the event, and opens the page with the app's answer. */
export const fireAction: SandboxAction = {
  path: "/fire",
  async run({ token: _token, here: _here, ...form }, sandbox) {
    const [event, person, properties] = [form.event ?? "", form.person ?? "", form.properties ?? ""];
    const length = Object.values(form).reduce((sum, text) => sum + text.length, 0);
    const refilled = length > LONGEST_REFILLED ? { event, person } : form;
    const problem = (text: string) => backTo(link("/studio/fire", refilled), text);
    if (event.trim() === "" || person.trim() === "") return problem("An event needs a name and a person.");
    const more = parseJson(properties.trim() === "" ? "{}" : properties);
    if (typeof more !== "object" || more === null || Array.isArray(more))
      return problem("The properties are not a JSON object.");
    const uuid = await sandbox.fire(event.trim(), person.trim(), { ...propertiesOf(form), ...more });
    const delivery = sandbox.deliveries().findLast(({ eventUuid }) => eventUuid === uuid);
    return delivery === undefined
      ? link("/studio/fire", { ...refilled, notForwarded: event })
      : deliveryPath(delivery.id);
  },
};

/** Sends a body to the app, without the carriage returns that browsers add to each line. */
export const pasteAction: SandboxAction = {
  path: "/deliveries/paste",
  run: async ({ body = "", ...form }, sandbox) =>
    deliveryPath(await sandbox.deliver(body.replaceAll("\r\n", "\n"), sourceIn(form))),
};

/** A known event has a form field for each property. Another event has a field for the name, and one for JSON. */
function FireForm({ event, isKnown, fields, person, people, properties }: Fire & { isKnown: boolean }): ReactElement {
  return (
    <PostForm action="/studio/fire" className="form" key={event} fields={isKnown ? { event } : {}}>
      <div className="bar">
        {isKnown ? null : (
          <label className="field">
            Event
            <input name="event" defaultValue={event} required={true} autoComplete="off" spellCheck={false} />
          </label>
        )}
        <PersonInput people={people} value={person} />
      </div>
      {fields.length === 0 ? null : <PropertyFields fields={fields} />}
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
    </PostForm>
  );
}

function PropertyFields({ fields }: { fields: EventField[] }): ReactElement {
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
