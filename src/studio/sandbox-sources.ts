import { declaredIn } from "../contracts/person.ts";
import type { SandboxControls, SandboxPerson, SandboxSource } from "../contracts/sandbox.ts";
import { PERSON_SOURCES } from "../contracts/sources.ts";
import { propertiesOfTraits } from "../lib/segment-traits.ts";

/** One distinct id of each person. */
export function peopleOf(sandbox: SandboxControls): string[] {
  return [...new Set(sandbox.people().flatMap(({ distinctIds }) => distinctIds.slice(0, 1)))];
}

/** The source in a form or a query; PostHog if none is given. */
export function sourceIn(form: Record<string, string>): SandboxSource {
  return sourceNamed(form) ?? "posthog";
}

export function sourceNamed({ source }: Record<string, string>): SandboxSource | undefined {
  return PERSON_SOURCES.find((one) => one === source);
}

/** A declared property as its source has it. */
export interface RawProperty {
  /** The property's name at the source; null if its value is made of other properties. */
  spelled: string | null;
  value: unknown;
}

/** The declared properties of a person, by our names. */
export function rawOf({
  source,
  properties,
}: Pick<SandboxPerson, "source" | "properties">): Record<string, RawProperty> {
  const declared = (raw: Record<string, unknown>) => declaredIn(source === "segment" ? propertiesOfTraits(raw) : raw);
  const names = Object.keys(properties);
  return Object.fromEntries(
    [...declared(properties)].map(([name, value]) => {
      const isIt = (spelled: string) => declared({ [spelled]: properties[spelled] }).get(name) === value;
      const spelled = names.find((one) => one === name && isIt(one)) ?? names.find(isIt) ?? null;
      return [name, { spelled, value }];
    }),
  );
}
