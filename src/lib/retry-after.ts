/** The pause that an answer asks for by its Retry-After in seconds; undefined when it asks for none. */
export function retryAfterMs(headers: Pick<Headers, "get">): number | undefined {
  const seconds = Number(headers.get("retry-after"));
  return seconds > 0 ? seconds * 1000 : undefined;
}
