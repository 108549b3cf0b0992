/** Whether a Basic authorization header has the key as its user and an empty password. */
export function hasKey(authorization: string | undefined, key: string): boolean {
  return authorization === `Basic ${Buffer.from(`${key}:`).toString("base64")}`;
}
