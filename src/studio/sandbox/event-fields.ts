import type { SandboxControls, SandboxSchema } from "../../contracts/sandbox.ts";
import { parseJson } from "../../lib/json.ts";
import type { WorkflowFacts } from "../facts.ts";

// The properties of an event as form fields. The name of a field contains its type: `property.number.cart_value`.

const KINDS = ["text", "number", "boolean", "enum", "json"] as const;
export type FieldKind = (typeof KINDS)[number];

export interface EventField {
  /** The name in the form. */
  name: string;
  property: string;
  kind: FieldKind;
  options: string[];
  /** Whether a workflow of this event requires the property. */
  isNeeded: boolean;
  value: string;
}

type Property = NonNullable<SandboxSchema["properties"]>[string];

const NAME = /^property\.([a-z]+)\.(.+)$/s;

/** The payload fields of the workflows that the event can start, and its other known properties. */
export function fieldsOf(
  event: string,
  { workflows, sandbox, form }: { workflows: WorkflowFacts[]; sandbox: SandboxControls; form: Record<string, string> },
): EventField[] {
  const started = workflows.filter(({ listens }) =>
    listens.some((one) => one.event === event && one.does.startsWith("starts")),
  );
  const schemas = started.map(({ id }) => sandbox.payloadSchema(id));
  const known = sandbox.sampleProperties(event);
  const needed: Record<string, unknown> = Object.assign({}, ...started.map(({ id }) => sandbox.samplePayload(id)));
  const declared: Record<string, Property> = Object.assign({}, ...schemas.map(({ properties = {} }) => properties));
  const isFilled = isForm(form);
  return [...new Set([...Object.keys(declared), ...Object.keys(known)])].map((property) => {
    const { kind, options } = readingOf(declared[property] ?? {}, known[property]);
    const name = `property.${kind}.${property}`;
    const example = known[property] ?? needed[property];
    const isNeeded = schemas.some(({ required = [] }) => required.includes(property));
    const value = isFilled ? (form[name] ?? "") : example === undefined ? "" : textOf(example, kind);
    return { name, property, kind, options, isNeeded, value };
  });
}

/** Whether the values are from a sent form, and not from a link to the form. */
function isForm(form: Record<string, string>): boolean {
  return form.properties !== undefined || Object.keys(form).some((name) => NAME.test(name));
}

/**
 * The properties in the form, without empty fields. A wrong value in a number field stays text, so that people can test
 * its effect.
 */
export function propertiesOf(form: Record<string, string>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(form).flatMap(([name, text]) => {
      const [, kind, property] = NAME.exec(name) ?? [];
      if (property === undefined || text === "") return [];
      const parsed = kind === "text" || kind === "enum" ? undefined : parseJson(text);
      return [[property, parsed ?? text.replaceAll("\r\n", "\n")]];
    }),
  );
}

function readingOf(declared: Property, known: unknown): Pick<EventField, "kind" | "options"> {
  // A property that is text or null has a field for text.
  const given = [declared, ...(declared.anyOf ?? [])].filter(({ type }) => type !== "null");
  const options = given.flatMap((one) => one.enum ?? []).filter((one) => typeof one === "string");
  if (options.length > 0) return { kind: "enum", options };
  const type = given.flatMap((one) => one.type ?? []).find((one) => typeof one === "string") ?? typeof known;
  const kind = { string: "text", integer: "number", number: "number", boolean: "boolean" }[type] ?? "json";
  return { kind: KINDS.find((one) => one === kind) ?? "json", options: [] };
}

function textOf(value: unknown, kind: FieldKind): string {
  return typeof value === "string" && kind !== "json" ? value : JSON.stringify(value);
}
