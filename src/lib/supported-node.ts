/**
 * The first release with the security fixes of November 2026, for each release line of Node that gets security fixes.
 * Sources: https://nodejs.org/en/about/previous-releases and https://nodejs.org/en/blog/vulnerability
 */
export const SUPPORTED_NODE = ["22.23.4", "24.22.1", "26.12.1"];

/**
 * The reason why a version such as 20.20.2 is not safe to run on, with the safe versions; null if it is safe. A release
 * line that is not in `SUPPORTED_NODE` counts as safe if it is newer than the oldest line there.
 */
export function nodeTrouble(version: string): string | null {
  const [major, minor, patch] = numbersOf(version);
  const [oldest] = numbersOf(SUPPORTED_NODE[0] as string);
  const first = SUPPORTED_NODE.map(numbersOf).find(([line]) => line === major);
  if (major >= oldest && first === undefined) return null;
  if (first !== undefined && (minor > first[1] || (minor === first[1] && patch >= first[2]))) return null;

  const lacks = first === undefined ? "gets no security fixes any more" : "lacks security fixes";
  return `Node ${version} ${lacks}; run ${SUPPORTED_NODE.join(", ")} or newer of these lines`;
}

function numbersOf(version: string): [major: number, minor: number, patch: number] {
  const [major = 0, minor = 0, patch = 0] = version.split(/[.-]/).map(Number);
  return [major, minor, patch];
}
