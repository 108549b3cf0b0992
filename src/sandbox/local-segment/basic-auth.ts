/** Whether an authorization header brings this key as its user, with an empty password, as Segment wants it. */
export function bringsKey(authorization: string | undefined, key: string): boolean {
  return authorization === `Basic ${Buffer.from(`${key}:`).toString("base64")}`;
}
