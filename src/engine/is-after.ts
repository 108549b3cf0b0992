/** Whether a date that PostHog keeps, as ISO 8601, is there and later than `moment`. */
export function isAfter(iso: string | undefined, moment: Date): boolean {
  return iso !== undefined && Date.parse(iso) > moment.getTime();
}
