/** The kinds of work whose CPU the bench measures. */
export const WORK = ["start event", "other event", "trigger", "exit", "email", "note", "delay", "receipt"] as const;
export type Work = (typeof WORK)[number];

/** A plain Express route with the load of the events shows how fast the machine is. */
export const REFERENCE = "plain Express";
