import type { Lab } from "../../contracts/lab.ts";
import { parseJson } from "../../lib/json.ts";
import type { Facts } from "../facts.ts";
import { backTo, deliveryPath, type LabAction, labPage, link } from "../page.ts";
import { Icon } from "../ui/icons.tsx";
import { Hidden, Notice, Panel, Tabs } from "../ui/parts.tsx";

/** What does not fit is typed again: it would have to travel in the address. */
const LONGEST_KEPT = 4_000;

interface Fire {
  events: string[];
  people: string[];
  event: string;
  person: string;
  /** JSON, as it stands in the form. */
  properties: string;
  /** The event that was fired and that nobody is sent. */
  unheard: string | null;
}

/** Makes somebody do something. */
export const firePage = labPage<Fire>({
  path: "/fire",
  async read({ facts, lab, query }) {
    const events = lab.events();
    const people = lab.people().flatMap(({ distinctIds }) => distinctIds.slice(0, 1));
    const event = query.event ?? events[0] ?? "";
    const properties = query.properties ?? JSON.stringify(propertiesFor(event, { facts, lab }), null, 2);
    const unheard = query.unheard ?? null;
    return { events, people, event, person: query.person ?? people[0] ?? "ada", properties, unheard };
  },

  view({ events, people, event, person, properties, unheard }, { token }) {
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
          <Panel title="An event of the workflows">
            <div className="body">
              <Tabs
                label="Event"
                tabs={events.map((name) => ({
                  name,
                  to: link("/studio/fire", { event: name, person }),
                  isChosen: name === event,
                }))}
              />
              <form method="post" action="/studio/fire" className="form" key={event}>
                <Hidden fields={{ token }} />
                <div className="bar">
                  <label className="field">
                    Event
                    <input name="event" defaultValue={event} required={true} autoComplete="off" spellCheck={false} />
                  </label>
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
                <label className="field">
                  <span>
                    Properties, as JSON; <code>$set</code> changes the person
                  </span>
                  <textarea name="properties" rows={9} defaultValue={properties} spellCheck={false} />
                </label>
                <button type="submit" className="button first">
                  <Icon name="fire" />
                  Fire
                </button>
              </form>
            </div>
          </Panel>
          <Panel title="Or a webhook as it is">
            <div className="body">
              <form method="post" action="/studio/deliveries/paste" className="form">
                <Hidden fields={{ token, here: "/studio/fire" }} />
                <label className="field">
                  The body of a PostHog webhook; it is signed and sent to the app
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

/** What is known to fit it, or else what the workflows that it may start need. */
function propertiesFor(event: string, { facts, lab }: { facts: Facts; lab: Lab }): object {
  const sample = lab.sampleProperties(event);
  if (Object.keys(sample).length > 0) return sample;
  const starts = facts.workflows.filter(({ listens }) =>
    listens.some((one) => one.event === event && one.does !== "ends it"),
  );
  return Object.assign({}, ...starts.map(({ id }) => lab.samplePayload(id)));
}

/** Leads to the app's answer. */
export const fireAction: LabAction = {
  path: "/fire",
  async run({ event = "", person = "", properties = "" }, lab) {
    const form = { event, person, properties: properties.length > LONGEST_KEPT ? "" : properties };
    const problem = (text: string) => backTo(link("/studio/fire", form), text);
    if (event.trim() === "" || person.trim() === "") return problem("An event needs a name and a person.");
    const parsed = parseJson(properties.trim() === "" ? "{}" : properties);
    if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed))
      return problem("The properties are not a JSON object.");
    const uuid = await lab.fire(event.trim(), person.trim(), parsed as Record<string, unknown>);
    const delivery = lab.deliveries().findLast(({ eventUuid }) => eventUuid === uuid);
    return delivery === undefined ? link("/studio/fire", { ...form, unheard: event }) : deliveryPath(delivery.id);
  },
};

/** A body typed or pasted; browsers send its lines with a carriage return each. */
export const pasteAction: LabAction = {
  path: "/deliveries/paste",
  run: async ({ body = "" }, lab) => deliveryPath(await lab.deliver(body.replaceAll("\r\n", "\n"))),
};
