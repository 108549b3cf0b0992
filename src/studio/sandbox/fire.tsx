import type { ReactElement } from "react";
import { PERSON_SOURCES, SOURCES } from "../../contracts/sources.ts";
import { parseJson } from "../../lib/json.ts";
import { link } from "../page.ts";
import { peopleOf, sourceIn } from "../sandbox-sources.ts";
import { PostForm, Submit } from "../ui/forms.tsx";
import { Notice, Panel, Tabs } from "../ui/parts.tsx";
import { type EventField, fieldsOf, propertiesOf } from "./event-fields.ts";
import { FireForm } from "./fire-form.tsx";
import { backTo, deliveryPath, type SandboxAction, sandboxPage } from "./sandbox-page.ts";

/** A longer form is not filled in again after an error, because the values are in the address. */
const LONGEST_REFILLED = 4_000;

interface Fire {
  events: string[];
  people: string[];
  event: string;
  person: string;
  fields: EventField[];
  /** JSON, as it is in the form. */
  properties: string;
  /** An event that was fired, and that no workflow listens to. */
  unheard: string | null;
}

/** Captures an event of a person. */
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
      unheard: query.unheard ?? null,
    };
  },

  view(model, { token }) {
    const { events, event, person, unheard } = model;
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
          {unheard === null ? null : (
            <Notice tone="warn">
              PostHog has the event {unheard} and does not forward it: no workflow listens to it. Its person properties
              are saved.
            </Notice>
          )}
          <Panel title={isKnown ? `The event ${event}` : "Another event"} padded={true}>
            <Tabs label="Event" tabs={[...tabs, another]} />
            <FireForm {...model} isKnown={isKnown} token={token} />
          </Panel>
          <PastePanel token={token} />
        </>
      ),
    };
  },
});

function PastePanel({ token }: { token: string }): ReactElement {
  return (
    <Panel title="Or send a webhook body" padded={true}>
      <PostForm action="/studio/deliveries/paste" className="form" fields={{ token, here: "/studio/fire" }}>
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

/** Continues at the answer of the app. */
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
    return delivery === undefined ? link("/studio/fire", { ...refilled, unheard: event }) : deliveryPath(delivery.id);
  },
};

/** Browsers send a carriage return with each line of a text. */
export const pasteAction: SandboxAction = {
  path: "/deliveries/paste",
  run: async ({ body = "", ...form }, sandbox) =>
    deliveryPath(await sandbox.deliver(body.replaceAll("\r\n", "\n"), sourceIn(form))),
};
