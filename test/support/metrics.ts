/** The values of one metric of an app, by its labels. */
export async function metric(
  appUrl: string,
  name: string,
  headers: Record<string, string> = {},
): Promise<Record<string, number>> {
  const text = await (await fetch(`${appUrl}/metrics`, { headers })).text();
  const lines = [...text.matchAll(new RegExp(`^${name}\\{(.*)\\} (\\S+)$`, "gm"))];
  return Object.fromEntries(lines.map(([, labels = "", value]) => [labels, Number(value)]));
}
