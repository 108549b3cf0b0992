/** "2 h 5 min", in the two largest units. */
export function formatDuration(ms: number): string {
  const seconds = Math.round(Math.abs(ms) / 1000);
  const parts = [
    [Math.floor(seconds / 86_400), "d"],
    [Math.floor(seconds / 3600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "min"],
    [seconds % 60, "s"],
  ] as const;
  const from = parts.findIndex(([number]) => number > 0);
  if (from === -1) return "0 s";
  return parts
    .slice(from, from + 2)
    .flatMap(([number, unit]) => (number > 0 ? [`${number} ${unit}`] : []))
    .join(" ");
}
