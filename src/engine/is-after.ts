/** Whether a date of the person, ISO 8601, is present and later than `moment`. */
export function isAfter(iso: string | undefined, moment: Date): boolean {
  return iso !== undefined && Date.parse(iso) > moment.getTime();
}
