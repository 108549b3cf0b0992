import type { Access } from "./access.ts";
import { conceal, maskText } from "./privacy.ts";

/** Encrypts ("seals") personal values in the URLs of the studio, and decrypts ("opens") them in URLs and forms. */
export function createAddresses(access: Pick<Access, "seal" | "open"> | null) {
  return { canonical, opened };

  /** The same URL with its personal values sealed, because logs and browsers keep URLs. */
  function canonical(address: string): string {
    const { pathname, search } = new URL(address, "http://studio");
    const query = textsOf(Object.fromEntries(new URLSearchParams(search)));
    if (access === null) return `${pathname}${queryOf(query)}`;
    const path = pathname
      .split("/")
      .map((part) => (maskText(part) === part ? part : access.seal(decodeURIComponent(part))));
    return `${path.join("/")}${queryOf(sealed(query, access.seal))}`;
  }

  function opened(values: unknown): Record<string, string> {
    const texts = textsOf(values);
    // No value in a store has a NUL, because PostgreSQL refuses text with a NUL.
    if (Object.values(texts).some((text) => text.includes("\0")))
      throw Object.assign(new Error("a NUL in the URL or form"), { status: 400 });
    if (access === null) return texts;
    return Object.fromEntries(Object.entries(texts).map(([name, value]) => [name, access.open(value)]));
  }
}

/** The values that are texts and not empty. A parameter that is given twice is left out. */
export function textsOf(values: unknown): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values ?? {}).filter(
      (pair): pair is [string, string] => typeof pair[1] === "string" && pair[1] !== "",
    ),
  );
}

export function queryOf(query: Record<string, string>): string {
  const text = new URLSearchParams(query).toString();
  return text === "" ? "" : `?${text}`;
}

function sealed(query: Record<string, string>, seal: (text: string) => string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(query).map(([name, value]) => [name, conceal({ valueRef: value }, seal).model.valueRef]),
  );
}

/** Returns `to` if it is a page of the studio, and otherwise `/studio`. A login never redirects to another site. */
export function within(to: unknown): string {
  if (typeof to !== "string" || !URL.canParse(to, "http://studio")) return "/studio";
  const { origin, pathname, search } = new URL(to, "http://studio");
  return origin === "http://studio" && /^\/studio(\/|$)/.test(pathname) ? `${pathname}${search}` : "/studio";
}
