import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { PropertyType } from "../../contracts/property-types.ts";

/** A condition on a person property, and a person to whom it applies. */
export interface Skip {
  property: string;
  /** The value as code. */
  value: string;
  /** The reason for the message that is not sent. */
  reason: string;
}

/** The fork's own lists that a new workflow depends on. */
export interface CheckoutFacts {
  topics: string[];
  /** The fallback first. */
  locales: string[];
  /** Null if no declared property can be shown in a condition. */
  skip: Skip | null;
}

/** Reads the lists of the checkout in `root`. */
export async function checkoutFacts(root: string): Promise<CheckoutFacts> {
  const { TOPICS } = await load<{ TOPICS: object }>(root, "src/workflows/topics.ts");
  const { LOCALES } = await load<{ LOCALES: Array<{ locale: string }> }>(root, "emails/_components/locales.ts");
  const { PERSON_PROPERTIES } = await load<{ PERSON_PROPERTIES: Record<string, PropertyType<unknown>> }>(
    root,
    "src/workflows/person-properties.ts",
  );
  return {
    topics: Object.keys(TOPICS),
    locales: LOCALES.map(({ locale }) => locale),
    skip: skipBy(PERSON_PROPERTIES),
  };
}

async function load<Module>(root: string, file: string): Promise<Module> {
  try {
    return (await import(pathToFileURL(join(root, file)).href)) as Module;
  } catch (error) {
    throw new Error(`${file} cannot be loaded; does npm run typecheck pass?`, { cause: error });
  }
}

/** The plan, or else the first property that is a flag. */
function skipBy(properties: Record<string, PropertyType<unknown>>): Skip | null {
  if (reads(properties.plan, "pro", "pro")) return { property: "plan", value: '"pro"', reason: "is on Pro already" };
  const flag = Object.keys(properties).find((name) => /^\w+$/.test(name) && reads(properties[name], "true", true));
  return flag === undefined ? null : { property: flag, value: "true", reason: flag.replaceAll("_", " ") };
}

function reads(type: PropertyType<unknown> | undefined, raw: unknown, value: unknown): boolean {
  const reading = type?.(raw);
  return typeof reading === "object" && reading.value === value;
}
