/** The sender. Yours to change. Anti-spam laws require the postal address in every marketing email. */
export const brand = {
  name: "Acme",
  appUrl: "https://app.acme.example",
  /** Links in events may lead to these hosts and their subdomains, and to the app's host. */
  linkHosts: ["acme.example"],
  /** The `utm_source` of every link, for PostHog's reports on visits. */
  utmSource: "lifecycle",
  helpEmail: "help@acme.example",
  postalAddress: "Acme Inc., 1 Example Street, 10115 Berlin, Germany",
} as const;
