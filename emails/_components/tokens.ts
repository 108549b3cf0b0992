/**
 * Every colour by its use. In both schemes, `text`, `muted`, `accent` and `onAccent` have a contrast of 4.5:1 or more
 * on their background.
 */
export const light = {
  page: "#f4f5f7",
  card: "#ffffff",
  border: "#e3e5ea",
  text: "#1d2129",
  muted: "#5b6270",
  accent: "#4338ca",
  onAccent: "#ffffff",
} as const;

export const dark: Record<keyof typeof light, string> = {
  page: "#111318",
  card: "#1b1e25",
  border: "#30343e",
  text: "#eceef2",
  muted: "#a9b0be",
  accent: "#a5b4fc",
  onAccent: "#14161c",
};

export const font = {
  family: "-apple-system, BlinkMacSystemFont, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif",
  small: { fontSize: "14px", lineHeight: "22px" },
  body: { fontSize: "16px", lineHeight: "26px" },
  title: { fontSize: "26px", lineHeight: "34px" },
} as const;
