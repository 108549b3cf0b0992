/** The tracked links of a message in order. */
export function linksIn({ content }: { content: Record<string, unknown> }): string[] {
  return JSON.stringify(content).match(/https?:\/\/[\w.:-]+\/r\/[\w-]+/g) ?? [];
}

/** The user agent of a browser. */
const BROWSER =
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36";

/** Follows a link as a person does, and stops before the target. */
export function follow(
  link: string,
  { method = "GET", headers = {} as Record<string, string> } = {},
): Promise<Response> {
  return fetch(link, { method, headers: { "user-agent": BROWSER, ...headers }, redirect: "manual" });
}

/** The target of a link, without a click. */
export async function leadsTo(link: string | undefined): Promise<string | null> {
  return (await follow(link ?? "", { method: "HEAD" })).headers.get("location");
}
