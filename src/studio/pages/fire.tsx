import { parseJson } from "../../lib/json.ts";
import { type EventField, fieldsOf, propertiesOf } from "../event-fields.ts";
import { backTo, deliveryPath, link, type SandboxAction, sandboxPage } from "../page.ts";
import { everybody, sourceIn } from "../sandbox-sources.ts";
import { Icon } from "../ui/icons.tsx";
import { Hidden, Notice, Panel, Tabs } from "../ui/parts.tsx";
import { SOURCE_NAMES } from "../ui/source-name.ts";
import { FireForm } from "./fire-form.tsx";

/** What does not fit is typed again: it would have to travel in the address. */
const LONGEST_KEPT = 4_000;

interface Fire {
  events: string[];
  people: string[];
  event: string;
  person: string;
  fields: EventField[];
  /** JSON, as it stands in the form. */
  properties: string;
  /** The event that was fired and that nobody is sent. */
  unheard: string | null;
}

/** Makes somebody do something. */
export const firePage = sandboxPage<Fire>({
  path: "/fire",
  async read({ facts, sandbox, query }) {
    const events = sandbox.events();
    const people = everybody(sandbox);
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

  view({ events, people, event, person, fields, properties, unheard }, { token }) {
    const isKnown = events.includes(event);
    const tabs = events.map((name) => ({
      name,
      to: link("/studio/fire", { event: name, person }),
      isChosen: name === event,
    }));
    const another = { name: "another", to: link("/studio/fire", { another: "yes", person }), isChosen: !isKnown };
    return {
      title: "Fire an event",
      lead: "The local PostHog captures it, and forwards it to the app as the real one would.",
      content: (
        <>
          {unheard === null ? null : (
            <Notice tone="warn">
              PostHog has {unheard} and forwards it to nobody: no workflow listens to it. Its properties of the person
              count all the same.
            </Notice>
          )}
          <Panel title={isKnown ? `The event ${event}` : "Another event"}>
            <div className="body">
              <Tabs label="Event" tabs={[...tabs, another]} />
              <FireForm
                event={event}
                isKnown={isKnown}
                fields={fields}
                person={person}
                people={people}
                properties={properties}
                token={token}
              />
            </div>
          </Panel>
          <Panel title="Or a webhook as it is">
            <div className="body">
              <form method="post" action="/studio/deliveries/paste" className="form">
                <Hidden fields={{ token, here: "/studio/fire" }} />
                <label className="field">
                  Whose webhook
                  <select name="source">
                    {Object.entries(SOURCE_NAMES).map(([source, name]) => (
                      <option key={source} value={source}>
                        {name}
                      </option>
                    ))}
                  </select>
                </label>
                <label className="field">
                  Its body; it is signed and sent to the app
                  <textarea name="body" rows={6} required={true} spellCheck={false} />
                </label>
                <button type="submit" className="button">
                  <Icon name="deliveries" />
                  Deliver
                </button>
              </form>
            </div>
          </Panel>
        </>
      ),
    };
  },
});

/** Leads to the app's answer. */
export const fireAction: SandboxAction = {
  path: "/fire",
  async run({ token: _token, here: _here, ...form }, sandbox) {
    const [event, person, properties] = [form.event ?? "", form.person ?? "", form.properties ?? ""];
    const length = Object.values(form).reduce((sum, text) => sum + text.length, 0);
    const kept = length > LONGEST_KEPT ? { event, person } : form;
    const problem = (text: string) => backTo(link("/studio/fire", kept), text);
    if (event.trim() === "" || person.trim() === "") return problem("An event needs a name and a person.");
    const more = parseJson(properties.trim() === "" ? "{}" : properties);
    if (typeof more !== "object" || more === null || Array.isArray(more))
      return problem("The properties are not a JSON object.");
    const uuid = await sandbox.fire(event.trim(), person.trim(), { ...propertiesOf(form), ...more });
    const delivery = sandbox.deliveries().findLast(({ eventUuid }) => eventUuid === uuid);
    return delivery === undefined ? link("/studio/fire", { ...kept, unheard: event }) : deliveryPath(delivery.id);
  },
};

/** A body typed or pasted; browsers send its lines with a carriage return each. */
export const pasteAction: SandboxAction = {
  path: "/deliveries/paste",
  run: async ({ body = "", ...form }, sandbox) =>
    deliveryPath(await sandbox.deliver(body.replaceAll("\r\n", "\n"), sourceIn(form))),
};
