import { declaredIn } from "../contracts/person.ts";
import type { SandboxControls, SandboxPerson, SandboxSource } from "../contracts/sandbox.ts";
import { propertiesOfTraits } from "../lib/segment-traits.ts";

/** Everybody once, by one id. */
export function everybody(sandbox: SandboxControls): string[] {
  return [...new Set(sandbox.people().flatMap(({ distinctIds }) => distinctIds.slice(0, 1)))];
}

/** The source that a form or an address names; PostHog when it names none. */
export function sourceIn(form: Record<string, string>): SandboxSource {
  return sourceNamed(form) ?? "posthog";
}

export function sourceNamed({ source }: Record<string, string>): SandboxSource | undefined {
  return source === "segment" || source === "posthog" ? source : undefined;
}

/** A declared property as its source has it. */
export interface RawProperty {
  /** How its name is spelled there; null where it is made of others. */
  spelled: string | null;
  value: unknown;
}

/** The declared properties of somebody, by our names for them. */
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
