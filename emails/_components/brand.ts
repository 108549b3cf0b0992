/** Who writes: yours to change. The address is what anti-spam laws ask every marketing email to show. */
export const brand = {
  name: "Acme",
  appUrl: "https://app.acme.example",
  /** Where links of events may lead, besides the app: these hosts and all below them. */
  linkHosts: ["acme.example"],
  /** Where PostHog's reports say that a visit by one of our links came from. */
  utmSource: "lifecycle",
  helpEmail: "help@acme.example",
  postalAddress: "Acme Inc., 1 Example Street, 10115 Berlin, Germany",
} as const;
