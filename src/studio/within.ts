/** Only a page of the studio, so that no link leads from a login to elsewhere. */
export function within(to: unknown): string {
  if (typeof to !== "string" || !URL.canParse(to, "http://studio")) return "/studio";
  const { origin, pathname, search } = new URL(to, "http://studio");
  return origin === "http://studio" && /^\/studio(\/|$)/.test(pathname) ? `${pathname}${search}` : "/studio";
}
