import type { SandboxControls, SandboxSchema } from "../contracts/sandbox.ts";
import { parseJson } from "../lib/json.ts";
import type { WorkflowFacts } from "./facts.ts";

// Properties of an event as fields of a form. A field's name says how its text is read: `property.number.cart_value`.

const KINDS = ["text", "number", "boolean", "choice", "json"] as const;
export type FieldKind = (typeof KINDS)[number];

export interface EventField {
  /** In the form. */
  name: string;
  property: string;
  kind: FieldKind;
  choices: string[];
  /** Without it some workflow does not start. */
  isNeeded: boolean;
  value: string;
}

type Property = NonNullable<SandboxSchema["properties"]>[string];

const NAME = /^property\.([a-z]+)\.(.+)$/s;

/** What the workflows that the event may start take, and what it is known to bring besides. */
export function fieldsOf(
  event: string,
  { workflows, sandbox, form }: { workflows: WorkflowFacts[]; sandbox: SandboxControls; form: Record<string, string> },
): EventField[] {
  const started = workflows.filter(({ listens }) =>
    listens.some((one) => one.event === event && one.does !== "ends it"),
  );
  const schemas = started.map(({ id }) => sandbox.payloadSchema(id));
  const known = sandbox.sampleProperties(event);
  const needed: Record<string, unknown> = Object.assign({}, ...started.map(({ id }) => sandbox.samplePayload(id)));
  const declared: Record<string, Property> = Object.assign({}, ...schemas.map(({ properties = {} }) => properties));
  const isFilled = isForm(form);
  return [...new Set([...Object.keys(declared), ...Object.keys(known)])].map((property) => {
    const { kind, choices } = readingOf(declared[property] ?? {}, known[property]);
    const name = `property.${kind}.${property}`;
    const example = known[property] ?? needed[property];
    const isNeeded = schemas.some(({ required = [] }) => required.includes(property));
    const value = isFilled ? (form[name] ?? "") : example === undefined ? "" : textOf(example, kind);
    return { name, property, kind, choices, isNeeded, value };
  });
}

/** Whether these came from the form and not from a link to it. */
function isForm(form: Record<string, string>): boolean {
  return form.properties !== undefined || Object.keys(form).some((name) => NAME.test(name));
}

/** What was filled in; what is left empty is left out. A number that is none stays text, to see what becomes of it. */
export function propertiesOf(form: Record<string, string>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(form).flatMap(([name, text]) => {
      const [, kind, property] = NAME.exec(name) ?? [];
      if (property === undefined || text === "") return [];
      const parsed = kind === "text" || kind === "choice" ? undefined : parseJson(text);
      return [[property, parsed ?? text.replaceAll("\r\n", "\n")]];
    }),
  );
}

function readingOf(declared: Property, known: unknown): Pick<EventField, "kind" | "choices"> {
  // "A text or nothing" is a text.
  const given = [declared, ...(declared.anyOf ?? [])].filter(({ type }) => type !== "null");
  const choices = given.flatMap((one) => one.enum ?? []).filter((one) => typeof one === "string");
  if (choices.length > 0) return { kind: "choice", choices };
  const type = given.flatMap((one) => one.type ?? []).find((one) => typeof one === "string") ?? typeof known;
  const kind = { string: "text", integer: "number", number: "number", boolean: "boolean" }[type] ?? "json";
  return { kind: KINDS.find((one) => one === kind) ?? "json", choices: [] };
}

function textOf(value: unknown, kind: FieldKind): string {
  return typeof value === "string" && kind !== "json" ? value : JSON.stringify(value);
}
