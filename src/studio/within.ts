/** A page of the studio, so that a login never continues at another site. */
export function within(to: unknown): string {
  if (typeof to !== "string" || !URL.canParse(to, "http://studio")) return "/studio";
  const { origin, pathname, search } = new URL(to, "http://studio");
  return origin === "http://studio" && /^\/studio(\/|$)/.test(pathname) ? `${pathname}${search}` : "/studio";
}
