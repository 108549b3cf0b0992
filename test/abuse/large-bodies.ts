/** JSON of about this size, of the kinds that cost a parser most. */
export function smallObjects(bytes: number): string {
  const one = '{"a":1}';
  return `[${Array.from({ length: Math.floor((bytes - 2) / (one.length + 1)) }, () => one).join(",")}]`;
}

export function deepArrays(bytes: number): string {
  return "[".repeat(bytes / 2) + "]".repeat(bytes / 2);
}

export function escapes(bytes: number): string {
  return `{"a":"${"\\u00e4\\n".repeat(Math.floor((bytes - 8) / 8))}"}`;
}
