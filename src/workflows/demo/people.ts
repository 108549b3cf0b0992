const NAMES: Record<string, string> = {
  ada: "Ada Lovelace",
  alan: "Alan Turing",
  dorothy: "Dorothy Vaughan",
  grace: "Grace Hopper",
  joan: "Joan Clarke",
  katherine: "Katherine Johnson",
  linus: "Linus Pauling",
  margaret: "Margaret Hamilton",
};
/** The part of an email address before the @ has at most this many characters. */
const LONGEST_LOCAL_PART = 64;

/** The properties of a person of the demo. No mail reaches an address at example.com. */
export function demoPerson(distinctId: string) {
  const firstName = distinctId.charAt(0).toUpperCase() + distinctId.slice(1);
  const local = distinctId.replace(/[^\w.-]/g, "").slice(0, LONGEST_LOCAL_PART);
  return { email: `${local}@example.com`, name: NAMES[distinctId] ?? `${firstName} Example`, plan: "trial" };
}
