/** The Retry-After header, read as seconds; undefined without one. */
export function retryAfterMs(headers: Pick<Headers, "get">): number | undefined {
  const seconds = Number(headers.get("retry-after"));
  return seconds > 0 ? seconds * 1000 : undefined;
}
