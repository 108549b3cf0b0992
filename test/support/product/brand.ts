/** In whose name the tests' product writes; nothing of it is a fork's own. */
export const BRAND = { name: "Testwerk", utmSource: "testwerk" };

export const APP_URL = "https://app.testwerk.example";

/** The shop is not where the app is. */
export const LINK_HOSTS = ["acme.example"];

const LIGHT = {
  page: "#f0f0f0",
  card: "#fefefe",
  text: "#202020",
  muted: "#505050",
  accent: "#005a3c",
  onAccent: "#fdfdfd",
};
const DARK = {
  page: "#101010",
  card: "#1a1a1a",
  text: "#ededed",
  muted: "#a0a0a0",
  accent: "#7fe0b5",
  onAccent: "#121212",
};

export const COLOURS = { light: LIGHT, dark: DARK };
