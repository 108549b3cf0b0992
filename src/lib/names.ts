/** "Ada Lovelace" → "Ada"; undefined when there is no name to greet by. */
export function firstName(name: string | undefined): string | undefined {
  return words(name)[0];
}

/** "Ada King Lovelace" → "King Lovelace"; undefined when there is only one name. */
export function lastName(name: string | undefined): string | undefined {
  return words(name).slice(1).join(" ") || undefined;
}

function words(name = ""): string[] {
  return name.split(/\s+/).filter((word) => word !== "");
}
