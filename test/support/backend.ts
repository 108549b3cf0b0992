import { LOCAL_KEYS } from "../../src/sandbox/local-keys.ts";

/** Calls a route for the team's own back end. A text is sent as it is. */
export function fromBackend(
  { app: { url } }: { app: { url: string } },
  route: `${"POST" | "DELETE"} /${string}`,
  body: object | string,
  headers: Record<string, string> = { authorization: `Bearer ${LOCAL_KEYS.backend}` },
): Promise<Response> {
  const [method = "", path = ""] = route.split(" ");
  return fetch(`${url}${path}`, {
    method,
    headers: { "content-type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
}
