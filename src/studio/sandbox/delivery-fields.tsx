import type { SandboxDelivery } from "../../contracts/sandbox.ts";
import { SOURCES } from "../../contracts/sources.ts";
import { personPath } from "../page.ts";
import type { Field } from "../ui/fields.tsx";
import { Id, When } from "../ui/parts.tsx";
import { Answer } from "./app-answer.tsx";
import { deliveryPath } from "./sandbox-page.ts";

const SOURCE: Field<SandboxDelivery> = { name: "Source", of: ({ source }) => SOURCES[source].label };
const PERSON: Field<SandboxDelivery> = {
  name: "Person",
  of: ({ distinctId, source }) => (distinctId === "" ? "–" : <a href={personPath(distinctId, source)}>{distinctId}</a>),
};

/** For the list. */
export const DELIVERY_COLUMNS: Array<Field<SandboxDelivery>> = [
  { name: "Event", of: ({ id, event }) => <a href={deliveryPath(id)}>{event}</a> },
  SOURCE,
  PERSON,
  { name: "Answer of the app", kind: "long", of: ({ attempts }) => <Answer {...attempts.at(-1)} /> },
  {
    name: "Delivered",
    of: ({ attempts }, { now }) => (
      <>
        <When at={attempts.at(-1)?.at ?? null} now={now} />
        {attempts.length > 1 ? <span className="two">{attempts.length} attempts</span> : null}
      </>
    ),
  },
];

/** For the page of one delivery. */
export const DELIVERY_FIELDS: Array<Field<SandboxDelivery>> = [
  SOURCE,
  PERSON,
  { name: "Event id", of: ({ eventUuid }) => (eventUuid === "" ? "–" : <Id>{eventUuid}</Id>) },
  { name: "Webhook id", of: ({ id }) => <Id>{id}</Id> },
];
